import type { Clock } from '../clock/clock.ts';
import type { Random } from '../random/random.ts';
import { BoundedLru } from './bounded-lru.ts';
import { deletedHoldMs, type Cache, type CacheSpace } from './cache.ts';
import { LookupCounts } from './lookup-counts.ts';
import { timeToLiveMs } from './time-to-live.ts';

/** What an embedded cache needs. */
export interface EmbeddedCacheOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Room for keys, values and their bookkeeping; 64 MiB unless told. */
  readonly maxBytes?: number;
}

const nothing = new Uint8Array(0);
const defaultMaxBytes = 64 * 1024 * 1024;

/** The cache in this process's own memory: one process, nothing to reach, nothing to lose but time. */
export class EmbeddedCache implements Cache {
  readonly #random: Random;
  readonly #entries: BoundedLru;
  readonly #counts: LookupCounts;
  #closed = false;

  constructor({ clock, random, maxBytes = defaultMaxBytes }: EmbeddedCacheOptions) {
    this.#random = random;
    this.#entries = new BoundedLru(clock, maxBytes);
    this.#counts = new LookupCounts(clock);
  }

  get(space: CacheSpace, key: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#read(space, key));
  }

  getMany(
    space: CacheSpace,
    keys: readonly string[],
  ): Promise<readonly (Uint8Array | undefined)[]> {
    return Promise.resolve(keys.map((key) => this.#read(space, key)));
  }

  set(space: CacheSpace, key: string, value: Uint8Array): Promise<void> {
    if (!this.#closed) {
      this.#entries.set(nameOf(space, key), value, timeToLiveMs(space, this.#random));
    }
    return Promise.resolve();
  }

  add(space: CacheSpace, key: string, value: Uint8Array): Promise<void> {
    const name = nameOf(space, key);
    const isTaken = [name, holdOf(name)].some((each) => this.#entries.get(each) !== undefined);
    return isTaken ? Promise.resolve() : this.set(space, key, value);
  }

  delete(space: CacheSpace, keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const name = nameOf(space, key);
      this.#entries.delete(name);
      if (!space.immutable && !this.#closed) {
        this.#entries.set(holdOf(name), nothing, deletedHoldMs);
      }
    }
    return Promise.resolve();
  }

  isHealthy(): Promise<boolean> {
    return Promise.resolve(!this.#closed);
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#entries.clear();
    return Promise.resolve();
  }

  #read(space: CacheSpace, key: string): Uint8Array | undefined {
    const value = this.#entries.get(nameOf(space, key));
    this.#counts.count(space, value === undefined ? 'nearMiss' : 'nearHit');
    return value;
  }
}

function nameOf(space: CacheSpace, key: string): string {
  return `${space.name}:${key}`;
}

function holdOf(name: string): string {
  return `deleted ${name}`;
}
