import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { ChorusError } from '../../domain/errors.ts';
import type { Presence } from '../../domain/presence.ts';
import type { Reply } from '../../domain/reply.ts';
import type { TaskKey } from '../../domain/task.ts';
import type { Clock } from '../clock/clock.ts';
import type { Random } from '../random/random.ts';
import { logger } from '../telemetry/logger.ts';
import { metrics } from '../telemetry/metrics.ts';
import { AggregatorStream, type AggregatorStreamOwner } from './aggregator-stream.ts';
import { type AggregatorCall, replyLineService, serverOptions } from './grpc-stream.ts';
import type { AggregatorLine, AggregatorListener } from './reply-line.ts';

const closeWithinMs = 2000;

/** Where the aggregator listens. */
export interface GrpcAggregatorLineOptions {
  /** `BIND`: the address to listen on. */
  readonly host: string;
  /** `INTERNAL_PORT`; 0 picks a free one. */
  readonly port: number;
}

/** The aggregator's end of the reply line over gRPC: a server that workers keep a stream to. */
export class GrpcAggregatorLine implements AggregatorLine {
  readonly aggregatorId: string;
  readonly #options: GrpcAggregatorLineOptions;
  readonly #clock: Clock;
  readonly #server = new Server(serverOptions);
  readonly #streams = new Set<AggregatorStream>();
  readonly #present = new Map<string, AggregatorStream>();
  #listener: AggregatorListener | undefined;
  #port = 0;
  #closing: Promise<void> | undefined;

  constructor(options: GrpcAggregatorLineOptions, clock: Clock, random: Random) {
    this.#options = options;
    this.#clock = clock;
    this.aggregatorId = random.id();
  }

  /** The port that it listens on; 0 before `open`. */
  get port(): number {
    return this.#port;
  }

  /** @throws ChorusError `bad_setting` when the port cannot be opened */
  async open(listener: AggregatorListener): Promise<void> {
    this.#listener = listener;
    this.#server.addService(replyLineService, {
      connect: (call: AggregatorCall) => this.#accept(call),
    });
    this.#port = await this.#bind();
    logger.info({ port: this.#port, aggregatorId: this.aggregatorId }, 'reply line open');
  }

  cancel(workerId: string, tasks: readonly TaskKey[]): void {
    this.#present.get(workerId)?.cancel(tasks);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#listener = undefined;
    for (const stream of this.#streams) stream.leave();
    await new Promise<void>((resolve) => {
      // A worker that does not end its half within that time is cut off.
      const patience = this.#clock.after(closeWithinMs, () => {
        this.#server.forceShutdown();
        resolve();
      });
      this.#server.tryShutdown(() => {
        patience.cancel();
        resolve();
      });
    });
  }

  #bind(): Promise<number> {
    const { host, port } = this.#options;
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else
          reject(
            new ChorusError(
              'bad_setting',
              `INTERNAL_PORT ${port} cannot be opened on ${host}: ${error.message}`,
              { field: 'INTERNAL_PORT', cause: error },
            ),
          );
      });
    });
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
    if (this.#closing !== undefined) stream.leave();
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
    if (this.#closing !== undefined) return;
    logger.warn({ workerId: stream.workerId }, 'worker gone');
    this.#listener?.onGone(stream.workerId);
  }
}
