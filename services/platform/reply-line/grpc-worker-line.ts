import type { Presence } from '../../domain/presence.ts';
import type { Reply } from '../../domain/reply.ts';
import { AggregatorLinks, type AggregatorTargets } from '../aggregator-link/aggregator-links.ts';
import type { Clock } from '../clock/clock.ts';
import type { Random } from '../random/random.ts';
import { logger } from '../telemetry/logger.ts';
import { metrics } from '../telemetry/metrics.ts';
import { replyLineMethod } from './grpc-stream.ts';
import type { WorkerLine, WorkerListener } from './reply-line.ts';
import { WorkerStream, type WorkerStreamOwner } from './worker-stream.ts';

/** Who speaks, and where its aggregators are. */
export interface GrpcWorkerLineOptions extends AggregatorTargets {
  /** Random per start of the process. */
  readonly workerId: string;
}

/** A worker's end of the reply line over gRPC: one long-lived stream to each aggregator. */
export class GrpcWorkerLine implements WorkerLine {
  readonly #links: AggregatorLinks;
  readonly #streams = new Map<string, WorkerStream>();
  #waiters: (() => void)[] = [];
  #listener: WorkerListener | undefined;
  #presence: Presence | undefined;
  #closing: Promise<void> | undefined;

  /** @throws ChorusError `bad_setting` when `aggregators` is no list of `host:port` */
  constructor(options: GrpcWorkerLineOptions, clock: Clock, random: Random) {
    const owner: WorkerStreamOwner = {
      workerId: options.workerId,
      presence: () => this.#presence,
      onHello: (stream) => this.#onHello(stream),
      onCancel: (aggregatorId, tasks) => {
        if (this.#closing === undefined) this.#listener?.onCancel(aggregatorId, tasks);
      },
      onKeepsUp: () => this.#release(),
      onOver: (stream) => this.#onOver(stream),
    };
    this.#links = new AggregatorLinks(options, {
      method: replyLineMethod,
      begin: (call) => new WorkerStream(call, owner, clock),
      clock,
      random,
    });
  }

  open(listener: WorkerListener): Promise<void> {
    this.#listener = listener;
    this.#links.open();
    return Promise.resolve();
  }

  announce(presence: Presence): void {
    this.#presence = presence;
    for (const stream of this.#streams.values()) stream.announce();
  }

  send(aggregatorId: string, reply: Reply): boolean {
    const stream = this.#closing === undefined ? this.#streams.get(aggregatorId) : undefined;
    if (stream !== undefined) return stream.send(reply);
    metrics.repliesDropped.inc({ reason: 'gone' });
    return true;
  }

  ready(): Promise<void> {
    if (this.#everyoneKeepsUp()) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  isConnected(aggregatorId: string): boolean {
    return this.#closing === undefined && this.#streams.has(aggregatorId);
  }

  clockOffsetUs(aggregatorId: string): number | undefined {
    return this.#streams.get(aggregatorId)?.clockOffsetUs;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#links.close();
    this.#release();
  }

  #onHello(stream: WorkerStream): boolean {
    const { aggregatorId } = stream;
    // `localhost` is two addresses of one aggregator. A second stream would replace the first over
    // there, and the first, dialled again, the second.
    if (this.#closing !== undefined || this.#streams.has(aggregatorId)) return false;
    this.#streams.set(aggregatorId, stream);
    logger.info({ aggregatorId }, 'aggregator connected');
    return true;
  }

  #onOver(stream: WorkerStream): void {
    const { aggregatorId } = stream;
    if (this.#streams.get(aggregatorId) === stream) {
      this.#streams.delete(aggregatorId);
      if (this.#closing === undefined) {
        logger.warn({ aggregatorId }, 'aggregator gone');
        this.#listener?.onAggregatorGone(aggregatorId);
      }
    }
    this.#release();
  }

  #everyoneKeepsUp(): boolean {
    return [...this.#streams.values()].every((stream) => stream.keepsUp);
  }

  #release(): void {
    if (this.#waiters.length === 0 || !this.#everyoneKeepsUp()) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
