import type { Lane } from '../../services/domain/task.ts';

/** Why a batch was released: a metric label, and what to look at when batches are small. */
export type ReleaseReason = 'rows' | 'idle' | 'drain';

/** Something that waits to be run together with others of its kind. */
export interface Batchable {
  readonly lane: Lane;
  /** How many rows it adds to a batch. */
  readonly rows: number;
}

/** How batches are formed and run. */
export interface BatchPolicy<Item extends Batchable> {
  /** A batch has at most this many rows, unless its first item alone has more. */
  readonly maxRows: number;
  /** Items for which this fails when a batch is formed are handed to `expire` instead. */
  isWorthRunning(item: Item): boolean;
  expire(item: Item): void;
  /** Runs one batch; the next one is formed when it settles. Must not reject. */
  run(items: readonly Item[], reason: ReleaseReason): Promise<void>;
}

/**
 * Forms micro-batches for one model. The runner is never kept waiting: while it is busy, what
 * arrives queues up and is the next batch (natural batching, linger 0). Interactive items go
 * before bulk ones; limits count rows.
 */
export class MicroBatcher<Item extends Batchable> {
  readonly #policy: BatchPolicy<Item>;
  readonly #interactive: Item[] = [];
  readonly #bulk: Item[] = [];
  #running: Promise<void> | undefined;
  #isDraining = false;

  constructor(policy: BatchPolicy<Item>) {
    this.#policy = policy;
  }

  /** Items that wait. */
  get queued(): number {
    return this.#interactive.length + this.#bulk.length;
  }

  /** Queues an item. Nothing runs before `release`. */
  add(item: Item): void {
    (item.lane === 'interactive' ? this.#interactive : this.#bulk).push(item);
  }

  /** Runs what waits, unless a batch is running: then it goes on by itself afterwards. */
  release(): void {
    if (this.#running !== undefined) return;
    const { items, reason } = this.#form();
    if (items.length === 0) return;
    this.#running = this.#policy.run(items, reason).finally(() => {
      this.#running = undefined;
      this.release();
    });
  }

  /** Forgets the items that nobody waits for any more. */
  drop(isUnwanted: (item: Item) => boolean): void {
    for (const queue of [this.#interactive, this.#bulk]) {
      const wanted = queue.filter((item) => !isUnwanted(item));
      queue.splice(0, queue.length, ...wanted);
    }
  }

  /** Runs everything that waits and resolves when it is done. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    this.release();
    // oxlint-disable-next-line no-await-in-loop -- each batch is formed when the one before it ended
    while (this.#running !== undefined) await this.#running;
  }

  #form(): { items: readonly Item[]; reason: ReleaseReason } {
    const items: Item[] = [];
    let rows = 0;
    for (const queue of [this.#interactive, this.#bulk]) {
      while (queue[0] !== undefined) {
        const [item] = queue;
        if (items.length > 0 && rows + item.rows > this.#policy.maxRows) {
          return { items, reason: 'rows' };
        }
        queue.shift();
        if (!this.#policy.isWorthRunning(item)) {
          this.#policy.expire(item);
          continue;
        }
        items.push(item);
        rows += item.rows;
      }
    }
    return { items, reason: this.#isDraining ? 'drain' : 'idle' };
  }
}
