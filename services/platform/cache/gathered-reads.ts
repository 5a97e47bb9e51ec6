import type { Redis } from 'ioredis';
import type { Clock } from '../clock/clock.ts';
import { metrics } from '../telemetry/metrics.ts';

/** What the shared cache said about a key: `absent` is its answer, `unanswered` the lack of one. */
export type SharedValue = Uint8Array | 'absent' | 'unanswered';

/** One MGET asks for no more than this, so that its reply stays within a few socket reads. */
const maxKeys = 128;

/**
 * Reads of the shared cache, gathered: all that are asked for within one event-loop turn travel as
 * one MGET. Sixty-four single GETs that ioredis pipelines by itself cost their client five times
 * as much, for each is a command of its own with two promises and a timer.
 */
export class GatheredReads {
  readonly #redis: Redis;
  readonly #clock: Clock;
  #keys: string[] = [];
  #takers: Take[] = [];

  constructor(redis: Redis, clock: Clock) {
    this.#redis = redis;
    this.#clock = clock;
  }

  /** The value of a key, at the latest a turn and 50 ms from now. Never rejects. */
  read(key: string): Promise<SharedValue> {
    return new Promise((take) => {
      if (this.#keys.length === 0) this.#clock.nextTurn(() => this.send());
      this.#keys.push(key);
      this.#takers.push(take);
      if (this.#keys.length === maxKeys) this.send();
    });
  }

  /** Sends what gathered so far without waiting for the turn's end. */
  send(): void {
    const keys = this.#keys;
    const takers = this.#takers;
    if (keys.length === 0) return;
    this.#keys = [];
    this.#takers = [];
    void this.#redis.mgetBuffer(keys).then(
      (values) => give(takers, (index) => values[index] ?? 'absent'),
      () => {
        metrics.cacheFailures.inc({ operation: 'get' });
        return give(takers, () => 'unanswered');
      },
    );
  }
}

type Take = (value: SharedValue) => void;

function give(takers: readonly Take[], valueAt: (index: number) => SharedValue): void {
  for (const [index, take] of takers.entries()) take(valueAt(index));
}
