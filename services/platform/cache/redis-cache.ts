import type { Redis } from 'ioredis';
import { ChorusError } from '../../domain/errors.ts';
import type { Random } from '../random/random.ts';
import { metrics } from '../telemetry/metrics.ts';
import { BoundedLru } from './bounded-lru.ts';
import { deletedHoldMs, type Cache, type CacheSpace } from './cache.ts';
import { GatheredReads } from './gathered-reads.ts';
import { GatheredWrites } from './gathered-writes.ts';
import { LookupCounts } from './lookup-counts.ts';
import { connectRedis, type RedisConnection } from './redis-connection.ts';
import { timeToLiveMs } from './time-to-live.ts';

/** How a cache on Redis is opened. */
export interface RedisCacheOptions extends RedisConnection {
  /** Room for this process's own copies of immutable values; 16 MiB unless told. */
  readonly nearBytes?: number;
}

const defaultNearBytes = 16 * 1024 * 1024;
const maxValueBytes = 1024 * 1024;

/**
 * What a deleted key of a changeable space holds for a while instead of nothing, so that Redis
 * refuses `SET NX` by itself; no value of ours begins with a zero byte.
 */
const deleted = Buffer.from('\0deleted');

/** One command for all keys: two hundred would be two hundred promises and timers here. */
const markDeleted = `for _, key in ipairs(KEYS) do
  redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
end`;

/**
 * A copy made by reading does not know how much time is left to the shared one; it lives a tenth
 * of the space's time, so that nothing outlives its time by more than that.
 */
const readCopyShare = 0.1;

/**
 * The cache on Redis, behind a small near layer for values that never change under their key.
 * A value of more than 1 MiB is not kept.
 */
export class RedisCache implements Cache {
  readonly #redis: Redis;
  readonly #random: Random;
  readonly #near: BoundedLru;
  readonly #reads: GatheredReads;
  readonly #writes: GatheredWrites;
  readonly #counts: LookupCounts;
  /** Counts deletions, so that a read begun before one does not put the old value back into the near layer. */
  #deletions = 0;
  #closing: Promise<void> | undefined;

  private constructor(redis: Redis, { clock, random, nearBytes }: RedisCacheOptions) {
    this.#redis = redis;
    this.#random = random;
    this.#near = new BoundedLru(clock, nearBytes ?? defaultNearBytes);
    this.#reads = new GatheredReads(redis, clock);
    this.#writes = new GatheredWrites(redis, clock);
    this.#counts = new LookupCounts(clock);
  }

  /**
   * Opens the cache once Redis answers, waiting for it by name; afterwards it may come and go.
   * @throws ChorusError `bad_setting` when Redis refuses the URL's credentials; `cancelled` or
   *   `deadline_exceeded` by the signal.
   */
  static async connect(options: RedisCacheOptions): Promise<RedisCache> {
    return new RedisCache(await connectRedis(options), options);
  }

  async get(space: CacheSpace, key: string): Promise<Uint8Array | undefined> {
    return this.#read(space, key);
  }

  async getMany(
    space: CacheSpace,
    keys: readonly string[],
  ): Promise<readonly (Uint8Array | undefined)[]> {
    return Promise.all(keys.map((key) => this.#read(space, key)));
  }

  async set(space: CacheSpace, key: string, value: Uint8Array): Promise<void> {
    const name = nameOf(space, key);
    if (name === undefined || this.#closing !== undefined) return;
    if (value.byteLength > maxValueBytes) {
      // What the key had would look like the newest value for the rest of its time.
      await this.delete(space, [key]).catch(() => undefined);
      return;
    }
    const ttlMs = timeToLiveMs(space, this.#random);
    if (space.immutable) this.#near.set(name, value, ttlMs);
    await this.#writes.set(name, value, ttlMs);
  }

  async add(space: CacheSpace, key: string, value: Uint8Array): Promise<void> {
    const name = nameOf(space, key);
    if (name === undefined || value.byteLength > maxValueBytes) return;
    if (this.#closing !== undefined) return;
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    await this.#redis
      .set(name, bytes, 'PX', timeToLiveMs(space, this.#random), 'NX')
      .catch(() => metrics.cacheFailures.inc({ operation: 'set' }));
  }

  async delete(space: CacheSpace, keys: readonly string[]): Promise<void> {
    const names = keys.map((key) => nameOf(space, key)).filter((name) => name !== undefined);
    if (names.length === 0) return;
    this.#deletions += 1;
    // What was set before must not come after it.
    this.#writes.send();
    for (const name of names) this.#near.delete(name);
    try {
      await this.#forget(space, names);
    } catch (error) {
      metrics.cacheFailures.inc({ operation: 'delete' });
      const message = `cache: ${names.length} keys of ${space.name} could not be deleted in Redis`;
      throw new ChorusError('unavailable', message, { cause: error });
    }
  }

  async isHealthy(): Promise<boolean> {
    return this.#redis.ping().then(
      () => true,
      () => false,
    );
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #read(space: CacheSpace, key: string): Promise<Uint8Array | undefined> {
    const name = nameOf(space, key);
    if (name === undefined) {
      this.#counts.count(space, 'sharedMiss');
      return undefined;
    }
    if (space.immutable) {
      const near = this.#near.get(name);
      if (near !== undefined) {
        this.#counts.count(space, 'nearHit');
        return near;
      }
      this.#counts.count(space, 'nearMiss');
    }
    const deletions = this.#deletions;
    const value = await this.#reads.read(name);
    if (value === 'unanswered') {
      this.#counts.count(space, 'sharedError');
      return undefined;
    }
    if (value === 'absent' || (typeof value !== 'string' && deleted.equals(value))) {
      this.#counts.count(space, 'sharedMiss');
      return undefined;
    }
    this.#counts.count(space, 'sharedHit');
    if (space.immutable && deletions === this.#deletions && this.#closing === undefined) {
      this.#near.set(name, value, Math.max(1, Math.round(space.ttlMs * readCopyShare)));
    }
    return value;
  }

  /** A reader can do without the cache, a deletion cannot: it is worth more than one try of 50 ms. */
  async #forget(space: CacheSpace, names: readonly string[], triesLeft = 2): Promise<void> {
    try {
      if (space.immutable) await this.#redis.unlink([...names]);
      else await this.#redis.eval(markDeleted, names.length, ...names, deleted, deletedHoldMs);
    } catch (error) {
      if (triesLeft === 0 || this.#closing !== undefined) throw error;
      await this.#forget(space, names, triesLeft - 1);
    }
  }

  async #close(): Promise<void> {
    this.#near.clear();
    // Redis answers in order: when it has answered QUIT, everything sent before is answered too.
    this.#reads.send();
    this.#writes.send();
    await this.#redis.quit().catch(() => undefined);
    this.#redis.disconnect();
  }
}

function nameOf(space: CacheSpace, key: string): string | undefined {
  // Half a surrogate pair has no UTF-8: every such key would share the name with U+FFFD in it.
  return key.isWellFormed() ? `chorus:${space.name}:${key}` : undefined;
}
