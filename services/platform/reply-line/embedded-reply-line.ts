import { ChorusError } from '../../domain/errors.ts';
import type { TaskKey } from '../../domain/task.ts';
import type { Clock } from '../clock/clock.ts';
import type { Random } from '../random/random.ts';
import { EmbeddedWorkerLine } from './embedded-worker-line.ts';
import type { AggregatorLine, AggregatorListener, WorkerLine } from './reply-line.ts';

/**
 * The reply line of a process that plays both roles: function calls instead of streams. This is the
 * aggregator's end; each worker of the process gets its own by `attachWorker`.
 *
 * Deliveries wait for the end of the event-loop turn, as they do on a stream. At once would save one
 * `setImmediate` per turn, but a worker's `send` would then run the aggregator's listener, which may
 * call `cancel`, which would run the worker's listener in the middle of its own `send`.
 */
export class EmbeddedReplyLine implements AggregatorLine {
  readonly aggregatorId: string;
  readonly #clock: Clock;
  readonly #attached = new Map<string, EmbeddedWorkerLine>();
  readonly #present = new Map<string, EmbeddedWorkerLine>();
  #listener: AggregatorListener | undefined;
  #isClosed = false;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.aggregatorId = random.id();
  }

  /** Makes the worker's end. One that is attached twice came back: the older end is cut off. */
  attachWorker(workerId: string): WorkerLine {
    void this.#attached.get(workerId)?.close();
    const worker: EmbeddedWorkerLine = new EmbeddedWorkerLine(this.#clock, {
      aggregatorId: this.aggregatorId,
      isOpen: () => this.#listener !== undefined,
      onPresence: (presence) => {
        this.#arrive(workerId, worker);
        this.#listener?.onPresence(presence);
      },
      onReplies: (replies) => {
        if (this.#present.get(workerId) === worker) this.#listener?.onReplies(replies);
      },
      onGone: () => {
        if (this.#attached.get(workerId) === worker && worker.isClosed)
          this.#attached.delete(workerId);
        if (this.#present.get(workerId) === worker) this.#leave(workerId);
      },
    });
    this.#attached.set(workerId, worker);
    return worker;
  }

  open(listener: AggregatorListener): Promise<void> {
    if (this.#isClosed) throw new ChorusError('unavailable', 'This reply line is closed');
    this.#listener = listener;
    for (const worker of this.#attached.values()) worker.connect();
    return Promise.resolve();
  }

  cancel(workerId: string, tasks: readonly TaskKey[]): void {
    this.#present.get(workerId)?.cancel(tasks);
  }

  /** Cuts a worker off as a lost connection would; it comes back by itself. For tests and simulations. */
  sever(workerId: string): void {
    this.#attached.get(workerId)?.sever();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#listener = undefined;
    this.#present.clear();
    await Promise.all([...this.#attached.values()].map((worker) => worker.aggregatorLeft()));
    this.#attached.clear();
  }

  #arrive(workerId: string, worker: EmbeddedWorkerLine): void {
    const before = this.#present.get(workerId);
    if (before === worker) return;
    if (before !== undefined) this.#leave(workerId);
    this.#present.set(workerId, worker);
  }

  #leave(workerId: string): void {
    this.#present.delete(workerId);
    this.#listener?.onGone(workerId);
  }
}
