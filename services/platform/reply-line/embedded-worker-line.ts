import type { Presence } from '../../domain/presence.ts';
import type { Reply } from '../../domain/reply.ts';
import type { TaskKey } from '../../domain/task.ts';
import type { Clock } from '../clock/clock.ts';
import { metrics } from '../telemetry/metrics.ts';
import { packReplies } from './reply-frames.ts';
import { ReplyOutbox } from './reply-outbox.ts';
import type { WorkerLine, WorkerListener } from './reply-line.ts';

/** What a worker's end may ask of the aggregator's end beside it. */
export interface EmbeddedAggregator {
  readonly aggregatorId: string;
  isOpen(): boolean;
  onPresence(presence: Presence): void;
  onReplies(replies: readonly Reply[]): void;
  onGone(): void;
}

/** A worker's end of the function-call line: always within reach of its one aggregator. */
export class EmbeddedWorkerLine implements WorkerLine {
  readonly #clock: Clock;
  readonly #aggregator: EmbeddedAggregator;
  readonly #outbox = new ReplyOutbox();
  #cancels: TaskKey[] = [];
  #waiters: (() => void)[] = [];
  #listener: WorkerListener | undefined;
  #presence: Presence | undefined;
  #isPresenceDue = false;
  #isConnected = false;
  #isDue = false;
  #closing: Promise<void> | undefined;

  constructor(clock: Clock, aggregator: EmbeddedAggregator) {
    this.#clock = clock;
    this.#aggregator = aggregator;
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  open(listener: WorkerListener): Promise<void> {
    this.#listener = listener;
    this.connect();
    return Promise.resolve();
  }

  announce(presence: Presence): void {
    this.#presence = presence;
    this.#isPresenceDue = true;
    this.#schedule();
  }

  send(aggregatorId: string, reply: Reply): boolean {
    if (!this.isConnected(aggregatorId)) {
      metrics.repliesDropped.inc({ reason: 'gone' });
      return true;
    }
    this.#outbox.add(reply);
    this.#schedule();
    return !this.#outbox.isPressed;
  }

  ready(): Promise<void> {
    if (!this.#outbox.isPressed) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  isConnected(aggregatorId: string): boolean {
    return this.#isConnected && !this.isClosed && aggregatorId === this.#aggregator.aggregatorId;
  }

  /** One process has one monotonic clock. */
  clockOffsetUs(aggregatorId: string): number | undefined {
    return this.isConnected(aggregatorId) ? 0 : undefined;
  }

  close(): Promise<void> {
    this.#closing ??= this.#atEndOfTurn(() => {
      this.#deliver();
      this.#disconnect();
    });
    return this.#closing;
  }

  /** Both ends are open: the aggregator hears at once who is here. */
  connect(): void {
    if (this.isClosed || this.#listener === undefined || !this.#aggregator.isOpen()) return;
    this.#isConnected = true;
    if (this.#presence !== undefined) this.announce(this.#presence);
  }

  /** Nobody waits for these any more; heard at the end of the turn. */
  cancel(tasks: readonly TaskKey[]): void {
    this.#cancels.push(...tasks);
    this.#schedule();
  }

  /** Loses what was gathered, as a broken stream would, and connects again a turn later. */
  sever(): void {
    if (!this.#isConnected) return;
    this.#disconnect();
    this.#listener?.onAggregatorGone(this.#aggregator.aggregatorId);
    this.#clock.nextTurn(() => this.connect());
  }

  /** The aggregator closed: whatever waits here is void. */
  aggregatorLeft(): Promise<void> {
    const wasConnected = this.#isConnected;
    this.#disconnect();
    return this.#atEndOfTurn(() => {
      if (wasConnected && !this.isClosed)
        this.#listener?.onAggregatorGone(this.#aggregator.aggregatorId);
    });
  }

  #disconnect(): void {
    this.#isConnected = false;
    this.#cancels = [];
    this.#outbox.abandon();
    this.#aggregator.onGone();
    this.#release();
  }

  #schedule(): void {
    if (this.#isDue || !this.#isConnected) return;
    this.#isDue = true;
    this.#clock.nextTurn(() => {
      this.#isDue = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    if (!this.#isConnected) return;
    const cancels = this.#cancels;
    this.#cancels = [];
    if (cancels.length > 0 && !this.isClosed)
      this.#listener?.onCancel(this.#aggregator.aggregatorId, cancels);
    if (this.#isPresenceDue && this.#presence !== undefined) {
      this.#isPresenceDue = false;
      this.#aggregator.onPresence(this.#presence);
    }
    // Packed as for a stream, so that what is too large for a cluster is too large here.
    for (const replies of packReplies(this.#outbox.takeAll())) this.#aggregator.onReplies(replies);
    this.#release();
  }

  #release(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  #atEndOfTurn(task: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.nextTurn(() => {
        task();
        resolve();
      });
    });
  }
}
