import { type InternalAddress, InternalServer } from '../../aggregator-link/internal-server.ts';
import type { Clock } from '../../clock/clock.ts';
import type { Random } from '../../random/random.ts';
import { GrpcAggregatorLine } from '../grpc-aggregator-line.ts';

/** An aggregator's end with an internal port of its own, that ends with it. */
export class LoneAggregatorLine extends GrpcAggregatorLine {
  readonly #server: InternalServer;

  constructor(address: InternalAddress, clock: Clock, random: Random) {
    const server = new InternalServer(address, clock);
    super(server, clock, random);
    this.#server = server;
  }

  get port(): number {
    return this.#server.port;
  }

  override async close(): Promise<void> {
    await super.close();
    await this.#server.close();
  }
}
