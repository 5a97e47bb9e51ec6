import type { Clock, Timer } from '../../clock/clock.ts';
import type { SqliteThread } from '../../sqlite/sqlite-thread.ts';
import { logger } from '../../telemetry/logger.ts';
import { logFile, sql } from './sqlite-log-schema.ts';
import type { SqliteTopic } from './sqlite-topic.ts';

/** How far each group has come in a topic. */
export interface Positions {
  /** Offset of the next record that the group has not handled. */
  load(group: string, partition: number): Promise<number>;
  /** Notes that everything before `nextOffset` is handled; stored soon. */
  reached(group: string, partition: number, nextOffset: number): void;
  /** Stores what was noted. */
  flush(): Promise<void>;
}

/** Positions in a topic that lives in memory: they end with it. */
export class MemoryPositions implements Positions {
  readonly #offsets = new Map<string, number>();

  async load(group: string, partition: number): Promise<number> {
    return this.#offsets.get(keyOf(group, partition)) ?? 0;
  }

  reached(group: string, partition: number, nextOffset: number): void {
    this.#offsets.set(keyOf(group, partition), nextOffset);
  }

  async flush(): Promise<void> {}
}

/** A commit per batch would cost more than the batch. */
const storeEveryMs = 200;

/** Positions in a durable topic, stored in the background. */
export class SqlitePositions implements Positions {
  readonly #thread: SqliteThread;
  readonly #topic: SqliteTopic;
  readonly #clock: Clock;
  readonly #known = new Map<string, number>();
  /** Group, lane, next offset: what the store has not heard yet. */
  #unstored = new Map<string, readonly [string, number, number]>();
  #timer: Timer | undefined;

  constructor(thread: SqliteThread, topic: SqliteTopic, clock: Clock) {
    this.#thread = thread;
    this.#topic = topic;
    this.#clock = clock;
  }

  async load(group: string, partition: number): Promise<number> {
    const known = this.#known.get(keyOf(group, partition));
    if (known !== undefined) return known;
    const params = [group, this.#topic.laneOf(partition).number];
    const [result] = await this.#thread.run(logFile, [{ sql: sql.loadPosition, params }]);
    return Number(result?.rows[0]?.['next_offset'] ?? 0);
  }

  reached(group: string, partition: number, nextOffset: number): void {
    const key = keyOf(group, partition);
    this.#known.set(key, nextOffset);
    this.#unstored.set(key, [group, this.#topic.laneOf(partition).number, nextOffset]);
    this.#timer ??= this.#clock.after(storeEveryMs, () => void this.#flushInBackground());
  }

  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    const unstored = this.#unstored;
    if (unstored.size === 0) return;
    this.#unstored = new Map();
    try {
      await this.#thread.run(logFile, [
        { sql: sql.storePosition, rows: Array.from(unstored.values()) },
      ]);
    } catch (error) {
      // What was reached meanwhile is newer.
      this.#unstored = new Map([...unstored, ...this.#unstored]);
      throw error;
    }
  }

  async #flushInBackground(): Promise<void> {
    try {
      await this.flush();
    } catch (error) {
      // The next position reached tries again; until then a crash would redeliver a little more.
      logger.warn({ error: String(error) }, 'positions of groups not stored');
    }
  }
}

function keyOf(group: string, partition: number): string {
  return `${partition}/${group}`;
}
