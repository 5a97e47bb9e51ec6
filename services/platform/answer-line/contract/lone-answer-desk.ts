import { type InternalAddress, InternalServer } from '../../aggregator-link/internal-server.ts';
import type { Clock } from '../../clock/clock.ts';
import type { Random } from '../../random/random.ts';
import { GrpcAnswerDesk } from '../grpc-answer-desk.ts';

/** An aggregator's desk with an internal port of its own, that ends with it. */
export class LoneAnswerDesk extends GrpcAnswerDesk {
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
