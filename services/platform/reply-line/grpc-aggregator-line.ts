import { status } from '@grpc/grpc-js';
import type { Presence } from '../../domain/presence.ts';
import type { Reply } from '../../domain/reply.ts';
import type { TaskKey } from '../../domain/task.ts';
import type { InternalServer, StreamHandler } from '../aggregator-link/internal-server.ts';
import type { Clock } from '../clock/clock.ts';
import type { Random } from '../random/random.ts';
import { logger } from '../telemetry/logger.ts';
import { metrics } from '../telemetry/metrics.ts';
import { AggregatorStream, type AggregatorStreamOwner } from './aggregator-stream.ts';
import { type AggregatorCall, replyLineMethod } from './grpc-stream.ts';
import type { AggregatorLine, AggregatorListener } from './reply-line.ts';

/** The aggregator's end of the reply line over gRPC: a service that workers keep a stream to. */
export class GrpcAggregatorLine implements AggregatorLine {
  readonly aggregatorId: string;
  readonly #server: InternalServer;
  readonly #serve: (handler: StreamHandler) => void;
  readonly #clock: Clock;
  readonly #streams = new Set<AggregatorStream>();
  readonly #present = new Map<string, AggregatorStream>();
  #listener: AggregatorListener | undefined;
  #isClosed = false;

  /** @param server not yet open; its owner closes it after this line. */
  constructor(server: InternalServer, clock: Clock, random: Random) {
    this.#server = server;
    this.#serve = server.serve(replyLineMethod);
    this.#clock = clock;
    this.aggregatorId = random.id();
  }

  /** @throws ChorusError `bad_setting` when the port cannot be opened */
  async open(listener: AggregatorListener): Promise<void> {
    this.#listener = listener;
    this.#serve((call) => this.#accept(call));
    await this.#server.open();
    const { port } = this.#server;
    logger.info({ port, aggregatorId: this.aggregatorId }, 'reply line open');
  }

  cancel(workerId: string, tasks: readonly TaskKey[]): void {
    this.#present.get(workerId)?.cancel(tasks);
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#listener = undefined;
    for (const stream of this.#streams) stream.leave();
    return Promise.resolve();
  }

  #accept(call: AggregatorCall): void {
    const owner: AggregatorStreamOwner = {
      aggregatorId: this.aggregatorId,
      onPresence: (stream, presence) => this.#onPresence(stream, presence),
      onReplies: (stream, replies) => this.#onReplies(stream, replies),
      onOver: (stream) => this.#onOver(stream),
    };
    const stream = new AggregatorStream(call, owner, this.#clock);
    this.#streams.add(stream);
    if (this.#isClosed) stream.leave();
  }

  #onPresence(stream: AggregatorStream, presence: Presence): void {
    const before = this.#present.get(stream.workerId);
    if (before !== stream) {
      // The worker saw its older stream break before we did: the newer one is true.
      before?.refuse(status.ALREADY_EXISTS, 'a newer stream of this worker took its place');
      this.#present.set(stream.workerId, stream);
      logger.info({ workerId: stream.workerId, slot: presence.slot }, 'worker present');
    }
    this.#listener?.onPresence(presence);
  }

  #onReplies(stream: AggregatorStream, replies: readonly Reply[]): void {
    if (this.#present.get(stream.workerId) === stream) this.#listener?.onReplies(replies);
    else metrics.repliesDropped.inc({ reason: 'gone' }, replies.length);
  }

  #onOver(stream: AggregatorStream): void {
    this.#streams.delete(stream);
    if (this.#present.get(stream.workerId) !== stream) return;
    this.#present.delete(stream.workerId);
    if (this.#isClosed) return;
    logger.warn({ workerId: stream.workerId }, 'worker gone');
    this.#listener?.onGone(stream.workerId);
  }
}
