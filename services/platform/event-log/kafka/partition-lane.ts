import type { LogRecord } from '../event-log.ts';
import type { GroupDelivery } from '../group-delivery.ts';

/** What a lane needs of the member it belongs to. */
export interface LaneOptions {
  readonly delivery: GroupDelivery;
  /** Most records of one delivery. */
  readonly maxRecords: number;
  /** Aborts when the member closes. */
  readonly stopping: AbortSignal;
  readonly onHandled: (next: number) => void;
}

/**
 * One partition that a group's member owns: what was fetched of it, in line for the handler. The
 * fetch loop only hands over, so that a slow handler costs neither the heartbeats of the member
 * nor the other partitions.
 */
export class PartitionLane {
  readonly #options: LaneOptions;
  readonly #lost = new AbortController();
  #queue: LogRecord[] = [];
  #work = Promise.resolve();
  #isWorking = false;
  #nextFetch: number | undefined;
  #resume: (() => void) | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** The offset after the last record taken; undefined before the first. */
  get nextFetch(): number | undefined {
    return this.#nextFetch;
  }

  /** Takes over fetched records; `pause` stops the fetching of this partition when too many wait. */
  take(records: readonly LogRecord[], pause: () => () => void): void {
    for (const record of records) {
      if (this.#nextFetch !== undefined && record.offset < this.#nextFetch) continue;
      this.#queue.push(record);
      this.#nextFetch = record.offset + 1;
    }
    if (this.#queue.length >= 2 * this.#options.maxRecords) this.#resume ??= pause();
    if (!this.#isWorking) this.#work = this.#deliverAll();
  }

  /** The partition belongs to another member: the handler is told and nothing more is delivered. */
  lose(): void {
    this.#lost.abort();
    this.#queue = [];
  }

  /** Resolves when nothing is being handled. Never rejects. */
  async idle(): Promise<void> {
    await this.#work;
  }

  async #deliverAll(): Promise<void> {
    const { delivery, maxRecords, stopping, onHandled } = this.#options;
    const end = { lost: this.#lost.signal, stopping };
    this.#isWorking = true;
    while (this.#queue.length > 0 && !stopping.aborted) {
      const records = this.#queue.splice(0, maxRecords);
      this.#resumeWhenShort();
      // oxlint-disable-next-line no-await-in-loop -- a partition is handled in order
      await delivery.deliver(records, end, (next) => {
        if (!this.#lost.signal.aborted) onHandled(next);
      });
    }
    this.#isWorking = false;
  }

  #resumeWhenShort(): void {
    if (this.#resume === undefined || this.#queue.length >= this.#options.maxRecords) return;
    this.#resume();
    this.#resume = undefined;
  }
}
