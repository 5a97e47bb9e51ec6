import type { Cache, CacheSpace } from '../../../services/platform/cache/cache.ts';
import { EmbeddedCache } from '../../../services/platform/cache/embedded-cache.ts';
import { RedisCache } from '../../../services/platform/cache/redis-cache.ts';
import { RealClock } from '../../../services/platform/clock/real-clock.ts';
import { RealRandom } from '../../../services/platform/random/real-random.ts';
import { redis } from '../../servers/redis.ts';
import { atMost, type Bench, type Measurement } from './bench.ts';
import { cpuUsOf } from './cpu.ts';
import { closedLoop } from './load.ts';

/** Bytes of an answer with ten films. */
const answerBytes = 931;
const keyCount = 1000;
const windowMs = 1500;
/** Reads in memory take less than looking at the clock does. */
const readsPerCall = 500;
const tools = { clock: new RealClock(), random: new RealRandom() };
const changeable: CacheSpace = { name: 'bench', ttlMs: 600_000, ttlJitter: 0.1, immutable: false };
const immutable: CacheSpace = { ...changeable, name: 'bench-answers', immutable: true };
const keys = Array.from(
  { length: keyCount },
  (_, index) => `public:user-${index}:0123456789abcdef`,
);
const value = new Uint8Array(answerBytes).fill(7);

/** The cache on Redis, its near layer, and the cache in memory. */
export const cache: Measurement = {
  title: `Cache: values of ${answerBytes} bytes`,
  runsOn: ['ioredis', 'Redis', 'lru-cache'],
  whyMissing: () => redis.whyMissing(),
  run: async (bench) => {
    const server = await redis.start();
    const shared = await RedisCache.connect({ url: server.address, ...tools });
    const embedded = new EmbeddedCache(tools);
    try {
      await measureRedis(bench, shared, server.pid);
      await measureMemory(bench, embedded, changeable, 'embedded');
      await measureMemory(bench, shared, immutable, 'near layer of Redis');
    } finally {
      await Promise.all([shared.close(), embedded.close()]);
      await server.stop();
    }
  },
};

async function measureRedis(bench: Bench, shared: Cache, serverPid: number): Promise<void> {
  await fill(shared, changeable);
  const window = async (width: number, call: (key: string) => Promise<unknown>) => {
    let next = 0;
    const serverCpuUs = cpuUsOf(serverPid);
    const loop = { forMs: bench.lasting(windowMs), width, call: () => call(keyAt((next += 1))) };
    const { items, wallUs, cpuUs } = await closedLoop(loop);
    const serverUs = (cpuUsOf(serverPid) - serverCpuUs) / items;
    return { clientUs: cpuUs / items, serverUs, perSecond: (1e6 * items) / wallUs };
  };
  const get = async (key: string): Promise<void> => {
    const found = await shared.get(changeable, key);
    // A command that Redis did not answer within 50 ms is a miss, on a machine that stutters.
    if (found === undefined) misses += 1;
  };
  let misses = 0;
  await window(64, get);
  const set = async (key: string): Promise<void> => shared.set(changeable, key, value);
  const loads = [
    { what: 'Redis GET, 64 in flight', width: 64, call: get, goal: atMost(10) },
    { what: 'Redis GET, 1 in flight', width: 1, call: get },
    { what: 'Redis SET, 64 in flight', width: 64, call: set },
  ];
  for (const { what, width, call, goal } of loads) {
    // oxlint-disable-next-line no-await-in-loop -- two at once would measure each other
    const taken = await bench.repeat(what, () => window(width, call));
    bench.add(`${what}: CPU, client`, 'µs', taken('clientUs'), goal);
    bench.add(`${what}: CPU, server`, 'µs', taken('serverUs'));
    bench.add(`${what}: throughput`, 'per s', taken('perSecond'));
  }
  if (misses > 0) bench.say(`${misses} reads found nothing`);
}

async function measureMemory(
  bench: Bench,
  from: Cache,
  space: CacheSpace,
  name: string,
): Promise<void> {
  await fill(from, space);
  let next = 0;
  const readMany = async (): Promise<void> => {
    for (let index = 0; index < readsPerCall; index += 1) {
      // oxlint-disable-next-line no-await-in-loop -- as a request reads it
      const found = await from.get(space, keyAt((next += 1)));
      if (found === undefined) throw new Error(`${name}: a value is missing`);
    }
  };
  const forMs = bench.lasting(500);
  const loop = { forMs, width: 1, itemsPerCall: readsPerCall, call: readMany };
  await closedLoop(loop);
  const reads = await bench.repeat(`get, ${name}`, async () => {
    const { items, cpuUs } = await closedLoop(loop);
    return { us: cpuUs / items };
  });
  bench.add(`get, ${name}: CPU`, 'µs', reads('us'));
}

async function fill(into: Cache, space: CacheSpace): Promise<void> {
  await Promise.all(keys.map((key) => into.set(space, key, value)));
}

function keyAt(index: number): string {
  return keys[index % keyCount] ?? '';
}
