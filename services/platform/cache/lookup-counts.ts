import type { Clock } from '../clock/clock.ts';
import { metrics } from '../telemetry/metrics.ts';
import type { CacheSpace } from './cache.ts';

const lookups = [
  { lookup: 'nearHit', tier: 'near', result: 'hit' },
  { lookup: 'nearMiss', tier: 'near', result: 'miss' },
  { lookup: 'sharedHit', tier: 'shared', result: 'hit' },
  { lookup: 'sharedMiss', tier: 'shared', result: 'miss' },
  { lookup: 'sharedError', tier: 'shared', result: 'error' },
] as const;

/** Where a read was looked up, and what it found there. */
export type Lookup = (typeof lookups)[number]['lookup'];

type Tally = Record<Lookup, number>;

/**
 * Counts cache reads and hands the sums to the metric once per event-loop turn, because counting
 * one read there costs twice what reading a value from memory costs.
 */
export class LookupCounts {
  readonly #clock: Clock;
  readonly #tallies = new Map<string, Tally>();
  #isDue = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  count(space: CacheSpace, lookup: Lookup): void {
    let tally = this.#tallies.get(space.name);
    if (tally === undefined) {
      tally = { nearHit: 0, nearMiss: 0, sharedHit: 0, sharedMiss: 0, sharedError: 0 };
      this.#tallies.set(space.name, tally);
    }
    tally[lookup] += 1;
    if (this.#isDue) return;
    this.#isDue = true;
    this.#clock.nextTurn(() => this.#handOver());
  }

  #handOver(): void {
    this.#isDue = false;
    for (const [space, tally] of this.#tallies) {
      for (const { lookup, tier, result } of lookups) {
        if (tally[lookup] === 0) continue;
        metrics.cacheLookups.inc({ space, tier, result }, tally[lookup]);
        tally[lookup] = 0;
      }
    }
  }
}
