import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { redis } from '../../../test/servers/redis.ts';
import type { RunningServer } from '../../../test/servers/server-kind.ts';
import { RealClock } from '../clock/real-clock.ts';
import { RealRandom } from '../random/real-random.ts';
import { metrics } from '../telemetry/metrics.ts';
import { bytes, cacheContract, found, freshSpace, keep, patience } from './cache.contract.ts';
import { RedisCache } from './redis-cache.ts';

const servers = inject('servers');
const clock = new RealClock();
const random = new RealRandom();

const connect = async (url: string): Promise<RedisCache> =>
  RedisCache.connect({ url, clock, random });

describe.skipIf(!servers.redis)('Redis cache (skipped: no Redis here)', () => {
  cacheContract(async () => connect(servers.redis ?? ''));

  describe('two processes', () => {
    let here: RedisCache;
    let there: RedisCache;

    beforeAll(async () => {
      [here, there] = await Promise.all([
        connect(servers.redis ?? ''),
        connect(servers.redis ?? ''),
      ]);
    });

    afterAll(async () => {
      await Promise.all([here.close(), there.close()]);
    });

    it('see each other’s writes of a changeable value at once', async () => {
      const space = freshSpace();
      for (const round of [1, 2, 3]) {
        // oxlint-disable-next-line no-await-in-loop -- each round replaces the value of the last
        await keep(there, space, { key: bytes(round) });
        // oxlint-disable-next-line no-await-in-loop
        expect(await found(here, space, 'key')).toEqual([round]);
      }
    });

    it('do not bring a deleted value back by a read that was under way', async () => {
      const space = freshSpace({ immutable: true });
      const keys = Array.from({ length: 50 }, (_, index) => `${index}`);
      await keep(there, space, Object.fromEntries(keys.map((key) => [key, bytes(1)])));
      await Promise.all(
        keys.map(async (key) => {
          const reading = here.get(space, key);
          await clock.sleep(random.uniform() * 2);
          await vi.waitFor(async () => here.delete(space, [key]), patience);
          await reading;
        }),
      );
      expect(await here.getMany(space, keys)).toEqual(keys.map(() => undefined));
    });
  });

  describe('a Redis that goes away', () => {
    let server: RunningServer;
    let cache: RedisCache;
    const space = freshSpace();
    const immutable = freshSpace({ immutable: true });

    beforeAll(async () => {
      server = await redis.start();
      cache = await connect(server.address);
    });

    afterAll(async () => {
      await cache.close();
      await server.stop();
    });

    beforeEach(async () => {
      await keep(cache, space, { key: bytes(1) });
      await keep(cache, immutable, { key: bytes(2) });
    });

    it.each([
      { how: 'paused', lose: async () => server.pause(), mend: async () => server.resume() },
      { how: 'killed', lose: async () => server.kill(), mend: async () => server.restart() },
    ])('misses within its 50 ms while it is $how, and recovers', async ({ lose, mend }) => {
      await lose();
      // Turns of this process, not time: while the machine stands still there are none.
      let turns = 0;
      const counting = clock.every(10, () => (turns += 1));
      const values = await Promise.all(
        Array.from({ length: 100 }, async () => cache.get(space, 'key')),
      );
      expect(values.every((value) => value === undefined)).toBe(true);
      await cache.set(space, 'key', bytes(3));
      counting.cancel();
      // Five each for reading and writing; the rest is for a process that gets its turns late.
      expect(turns).toBeLessThan(100);
      expect(Array.from((await cache.get(immutable, 'key')) ?? [])).toEqual([2]);
      await expect(cache.delete(space, ['key'])).rejects.toMatchObject({ code: 'unavailable' });
      expect(await cache.isHealthy()).toBe(false);
      const failures = (await metrics.cacheFailures.get()).values.map(
        ({ labels }) => labels.operation,
      );
      expect(failures).toEqual(expect.arrayContaining(['get', 'set', 'delete']));

      await mend();
      await keep(cache, space, { key: bytes(4) });
      expect(await found(cache, space, 'key')).toEqual([4]);
      await expect.poll(async () => cache.isHealthy(), patience).toBe(true);
    });

    it('stops making readers wait when a pause lasts', async () => {
      server.pause();
      const fast = async (): Promise<boolean> => {
        const startUs = clock.monotonicUs();
        await cache.get(space, 'key');
        return clock.monotonicUs() - startUs < 20_000;
      };
      await expect.poll(fast, patience).toBe(true);
      server.resume();
      await keep(cache, space, { key: bytes(5) });
    });

    it('closes while it is paused', async () => {
      const closing = await connect(server.address);
      server.pause();
      const reading = closing.get(space, 'key');
      await closing.close();
      expect(await reading).toBeUndefined();
      server.resume();
    });
  });

  describe('a start without Redis', () => {
    it('waits for it by name, then goes on', async () => {
      const server = await redis.start();
      await server.kill();
      const lines: string[] = [];
      const connecting = RedisCache.connect({
        url: server.address,
        clock,
        random,
        onWaiting: (line) => lines.push(line),
      });
      await expect.poll(() => lines, patience).toHaveLength(1);
      expect(lines[0]).toContain(`Redis at ${new URL(server.address).host} does not answer`);
      await server.restart();
      const cache = await connecting;
      await keep(cache, freshSpace(), { key: bytes(1) });
      await cache.close();
      await server.stop();
    });

    it('stops waiting when told to', async () => {
      const stopping = new AbortController();
      const connecting = RedisCache.connect({
        url: 'redis://user:secret@127.0.0.1:1',
        clock,
        random,
        signal: stopping.signal,
        onWaiting: (line) => {
          expect(line).not.toContain('secret');
          stopping.abort();
        },
      });
      await expect(connecting).rejects.toMatchObject({ code: 'cancelled' });
    });

    it('does not wait for credentials to become right', async () => {
      const url = (servers.redis ?? '').replace('://', '://nobody:wrong@');
      await expect(connect(url)).rejects.toMatchObject({ code: 'bad_setting' });
    });
  });
});
