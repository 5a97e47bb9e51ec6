import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RealRandom } from '../random/real-random.ts';
import type { Cache, CacheSpace } from './cache.ts';

const random = new RealRandom();

/** A space of its own for a test: a shared cache may run the suite several times at once. */
export function freshSpace(rules: Partial<CacheSpace> = {}): CacheSpace {
  return { name: `test-${random.id()}`, ttlMs: 60_000, ttlJitter: 0.1, immutable: false, ...rules };
}

/** Writes until it is there: on a busy machine a shared cache may miss its 50 ms, and lose it. */
export async function keep(
  cache: Cache,
  space: CacheSpace,
  values: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  const keys = Object.keys(values);
  await vi.waitFor(async () => {
    await Promise.all(keys.map((key) => cache.set(space, key, values[key] ?? bytes())));
    expect((await cache.getMany(space, keys)).includes(undefined)).toBe(false);
  }, patience);
}

/** Reads until it finds something, for the same reason. */
export async function found(cache: Cache, space: CacheSpace, key: string): Promise<number[]> {
  return vi.waitFor(async () => {
    const value = await cache.get(space, key);
    if (value === undefined) throw new Error(`${space.name}:${key} is not there`);
    return Array.from(value);
  }, patience);
}

/** How long tests wait for what must come true. */
export const patience = { timeout: 10_000, interval: 20 };

/** A small value. */
export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

/**
 * What every adapter of the cache port does; called inside a `describe` that names the adapter.
 * @param open one more client of the same cache, with room for less than 2 MiB in one value.
 */
export function cacheContract(open: () => Promise<Cache>): void {
  let cache: Cache;

  beforeAll(async () => {
    cache = await open();
  });

  afterAll(async () => {
    await cache.close();
  });

  describe.each([{ immutable: false }, { immutable: true }])(
    'values, immutable: $immutable',
    (rules) => {
      it.each<[string, Uint8Array]>([
        ['none', bytes()],
        ['every byte', Uint8Array.from({ length: 256 }, (_, index) => index)],
        ['no valid text', bytes(0xff, 0x00, 0x0d, 0x0a, 0xc3)],
        ['100 KiB', new Uint8Array(100 * 1024).fill(7)],
        ['the part that a view shows', new Uint8Array(64).fill(1).subarray(8, 24)],
      ])('gives back bytes: %s', async (_what, value) => {
        const space = freshSpace(rules);
        await keep(cache, space, { key: value });
        expect(await found(cache, space, 'key')).toEqual(Array.from(value));
      });

      it('keeps what was written when the writer reuses its buffer', async () => {
        const space = freshSpace(rules);
        const buffer = bytes(1, 2, 3);
        await keep(cache, space, { key: buffer });
        buffer.fill(9);
        expect(await found(cache, space, 'key')).toEqual([1, 2, 3]);
      });

      it('gives many in the order of the keys, with holes', async () => {
        const space = freshSpace(rules);
        const count = 300;
        const written = Array.from({ length: count }, (_, index) => index).filter(
          (n) => n % 3 !== 0,
        );
        await keep(cache, space, Object.fromEntries(written.map((n) => [`${n}`, bytes(n % 256)])));
        const keys = Array.from({ length: count }, (_, index) => `${count - 1 - index}`);
        await vi.waitFor(async () => {
          const values = await cache.getMany(space, [...keys, '1', '1']);
          expect(values.map((value) => value?.[0])).toEqual(
            [...keys.map(Number), 1, 1].map((n) => (n % 3 === 0 ? undefined : n % 256)),
          );
        }, patience);
      });

      it('forgets after the time to live', async () => {
        const space = freshSpace({ ...rules, ttlMs: 400, ttlJitter: 0.1 });
        const long = freshSpace(rules);
        await keep(cache, long, { key: bytes(1) });
        await cache.set(space, 'key', bytes(1));
        await expect.poll(async () => cache.get(space, 'key'), patience).toBeUndefined();
        expect(await found(cache, long, 'key')).toEqual([1]);
      });

      it('deletes the keys told and no other', async () => {
        const space = freshSpace(rules);
        await keep(cache, space, { a: bytes(1), b: bytes(2), c: bytes(3) });
        await vi.waitFor(async () => cache.delete(space, ['a', 'c', 'never written']), patience);
        await cache.delete(space, []);
        expect(await cache.getMany(space, ['a', 'c'])).toEqual([undefined, undefined]);
        expect(await found(cache, space, 'b')).toEqual([2]);
      });

      it('does not keep a value that is too large, nor the one it would have replaced', async () => {
        const space = freshSpace(rules);
        await keep(cache, space, { key: bytes(1) });
        await vi.waitFor(async () => {
          await cache.set(space, 'key', new Uint8Array(2 * 1024 * 1024));
          expect(await cache.get(space, 'key')).toBeUndefined();
        }, patience);
      });
    },
  );

  it('replaces a value', async () => {
    const space = freshSpace();
    await keep(cache, space, { key: bytes(1) });
    await vi.waitFor(async () => {
      await cache.set(space, 'key', bytes(2));
      expect(Array.from((await cache.get(space, 'key')) ?? [])).toEqual([2]);
    }, patience);
  });

  it('adds a value where there is none, and leaves one that is there', async () => {
    const space = freshSpace();
    await vi.waitFor(async () => {
      await cache.add(space, 'key', bytes(1));
      expect(Array.from((await cache.get(space, 'key')) ?? [])).toEqual([1]);
    }, patience);
    await cache.add(space, 'key', bytes(2));
    expect(await found(cache, space, 'key')).toEqual([1]);
    await keep(cache, space, { key: bytes(3) });
  });

  it('refuses to add for a while what was deleted, but takes it when it is set', async () => {
    const space = freshSpace();
    await keep(cache, space, { key: bytes(1) });
    await vi.waitFor(async () => cache.delete(space, ['key', 'never written']), patience);
    await cache.add(space, 'key', bytes(1));
    await cache.add(space, 'never written', bytes(1));
    expect(await cache.getMany(space, ['key', 'never written'])).toEqual([undefined, undefined]);
    await keep(cache, space, { key: bytes(2) });
    expect(await found(cache, space, 'key')).toEqual([2]);
  });

  it('adds again once the deletion is long enough ago', async () => {
    const space = freshSpace();
    await vi.waitFor(async () => cache.delete(space, ['key']), patience);
    await vi.waitFor(async () => {
      await cache.add(space, 'key', bytes(1));
      expect(Array.from((await cache.get(space, 'key')) ?? [])).toEqual([1]);
    }, patience);
  });

  it('keeps keys apart, and spaces', async () => {
    const keys = ['', ' ', 'a', 'A', 'a:b', 'a\r\nGET b', 'a\0', 'ünïcödé 電影 🎬', '\ufffd', '*'];
    const [first, second] = [freshSpace(), freshSpace()];
    await keep(cache, first, Object.fromEntries(keys.map((key, index) => [key, bytes(index)])));
    expect(await cache.getMany(second, keys)).toEqual(keys.map(() => undefined));
    await vi.waitFor(async () => {
      const values = await cache.getMany(first, keys);
      expect(values.map((value) => value?.[0])).toEqual(keys.map((_, index) => index));
    }, patience);
  });

  it('never answers for a key that is no valid text with the value of another', async () => {
    const space = freshSpace();
    await cache.set(space, 'user-\ud800', bytes(1));
    expect(await cache.get(space, 'user-\ud801')).toBeUndefined();
    expect(await cache.get(space, 'user-\ufffd')).toBeUndefined();
  });

  it('is healthy while it is open', async () => {
    await expect.poll(async () => cache.isHealthy(), patience).toBe(true);
  });

  it('answers every call made before it was closed, and then misses', async () => {
    const closing = await open();
    const space = freshSpace({ immutable: true });
    await keep(closing, space, { key: bytes(1) });
    const reads = Array.from({ length: 200 }, async (_, index) => closing.get(space, `${index}`));
    const writes = Array.from({ length: 20 }, async (_, index) =>
      closing.set(space, `${index}`, bytes(index)),
    );
    await Promise.all([closing.close(), closing.close(), ...reads, ...writes]);
    expect(await closing.get(space, 'key')).toBeUndefined();
    expect(await closing.getMany(space, ['key', '1'])).toEqual([undefined, undefined]);
    await closing.set(space, 'key', bytes(2));
    expect(await closing.get(space, 'key')).toBeUndefined();
    expect(await closing.isHealthy()).toBe(false);
    await closing.close();
  });
}
