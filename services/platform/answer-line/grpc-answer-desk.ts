import type { InternalServer, StreamHandler } from '../aggregator-link/internal-server.ts';
import type { Clock } from '../clock/clock.ts';
import type { Random } from '../random/random.ts';
import type { AnswerDesk, Answerer } from './answer-line.ts';
import { GatewayStream, type GatewayStreamOwner } from './gateway-stream.ts';
import { type AggregatorCall, aggregatorMethod } from './grpc-stream.ts';

/** The aggregator's end of the answer line over gRPC: a service that gateways keep a stream to. */
export class GrpcAnswerDesk implements AnswerDesk {
  readonly #aggregatorId: string;
  readonly #server: InternalServer;
  readonly #serve: (handler: StreamHandler) => void;
  readonly #clock: Clock;
  readonly #streams = new Set<GatewayStream>();
  #isClosed = false;

  /** @param server not yet open; its owner closes it after this desk. */
  constructor(server: InternalServer, clock: Clock, random: Random) {
    this.#server = server;
    this.#serve = server.serve(aggregatorMethod);
    this.#clock = clock;
    this.#aggregatorId = random.id();
  }

  async open(answerer: Answerer): Promise<void> {
    const streams = this.#streams;
    const owner: GatewayStreamOwner = {
      aggregatorId: this.#aggregatorId,
      get inFlight() {
        return [...streams].reduce((sum, { size }) => sum + size, 0);
      },
      answer: (question, signal) => answerer.answer(question, signal),
      onOver: (stream) => streams.delete(stream),
    };
    this.#serve((call) => this.#accept(call, owner));
    await this.#server.open();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const streams = [...this.#streams];
    for (const stream of streams) stream.leave();
    await Promise.all(streams.map(({ over }) => over));
  }

  #accept(call: AggregatorCall, owner: GatewayStreamOwner): void {
    const stream = new GatewayStream(call, owner, this.#clock);
    this.#streams.add(stream);
    if (this.#isClosed) stream.leave();
  }
}
