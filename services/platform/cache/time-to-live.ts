import type { Random } from '../random/random.ts';
import type { CacheSpace } from './cache.ts';

/** A space's time to live in whole ms, varied at random by its jitter; at least 1. */
export function timeToLiveMs(space: CacheSpace, random: Random): number {
  const factor = 1 + space.ttlJitter * (2 * random.uniform() - 1);
  return Math.max(1, Math.round(space.ttlMs * factor));
}
