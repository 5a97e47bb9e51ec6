import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unknownUserVersion } from '../domain/user-state.ts';
import { EmbeddedCache } from '../platform/cache/embedded-cache.ts';
import { RealClock } from '../platform/clock/real-clock.ts';
import { RealRandom } from '../platform/random/real-random.ts';
import { EmbeddedRecords } from '../platform/records/embedded-records.ts';
import type { Records } from '../platform/records/records.ts';
import { SqliteThread } from '../platform/sqlite/sqlite-thread.ts';
import { userMigrations, UserStates } from './user-states.ts';

const clock = new RealClock();
const random = new RealRandom();
const history = [
  { itemId: 'a', weight: 1, timeMs: 10 },
  { itemId: 'b', weight: 0.5, timeMs: 20 },
];
let dataDir: string;
let thread: SqliteThread;
let records: EmbeddedRecords;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'chorus-users-'));
  thread = await SqliteThread.open(dataDir);
  records = new EmbeddedRecords(thread, clock);
  await records.migrate(userMigrations);
});
afterAll(async () => {
  await thread.close();
  await rm(dataDir, { recursive: true, force: true });
});

test('gives back a user that was written, under a version that each writing changes', async () => {
  const users = open();
  await users.replace('t', [{ userId: 'known', history }]);
  const version = await users.version('t', 'known');
  expect(await users.state('t', 'known', version)).toEqual({ version, history });
  expect(await users.get('t', 'known')).toEqual({ version, history });
  await users.replace('t', [{ userId: 'known', history: [] }]);
  expect(await users.version('t', 'known')).not.toBe(version);
  expect(await users.get('t/other', 'known')).toBeUndefined();
});

test('a removed user is gone for every reader, and removing is harmless twice', async () => {
  const cache = new EmbeddedCache({ clock, random });
  const [here, there] = [open(cache), open(cache)];
  await here.replace('t', [{ userId: 'leaving', history }]);
  const version = await there.version('t', 'leaving');
  await there.state('t', 'leaving', version);
  expect(await here.remove('t', 'leaving')).toBe(true);
  expect(await there.version('t', 'leaving')).toBe(unknownUserVersion);
  expect(await there.get('t', 'leaving')).toBeUndefined();
  expect((await there.state('t', 'leaving', version)).history).toEqual([]);
  expect(await here.remove('t', 'leaving')).toBe(false);
});

test('a reader that had read the older row does not bring a removed user back', async () => {
  const cache = new EmbeddedCache({ clock, random });
  const [reached, resumed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow: Records = {
    run: async (statements) => {
      const results = await records.run(statements);
      reached.resolve();
      await resumed.promise;
      return results;
    },
    migrate: async () => undefined,
    isHealthy: async () => true,
    close: async () => undefined,
  };
  const writer = open(cache);
  await writer.replace('t', [{ userId: 'raced', history }]);
  const reading = new UserStates({ records: slow, cache, clock, random }).version('t', 'raced');
  await reached.promise;
  await writer.remove('t', 'raced');
  resumed.resolve();
  expect(await reading).not.toBe(unknownUserVersion);
  expect(await open(cache).version('t', 'raced')).toBe(unknownUserVersion);
});

function open(cache = new EmbeddedCache({ clock, random })): UserStates {
  return new UserStates({ records, cache, clock, random });
}
