import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { RealClock } from './clock/real-clock.ts';
import { RealRandom } from './random/real-random.ts';
import { EmbeddedCache } from './cache/embedded-cache.ts';
import { EmbeddedEventLog } from './event-log/embedded-event-log.ts';
import { checkPorts } from './port-checks.ts';
import { EmbeddedRecords } from './records/embedded-records.ts';
import { readSettings } from './settings.ts';
import { SqliteThread } from './sqlite/sqlite-thread.ts';
import { Readiness } from './telemetry/readiness.ts';

const clock = new RealClock();
const longerThanKept = { timeout: 10_000 };

async function openStorage(): Promise<SqliteThread> {
  const dataDir = await mkdtemp(join(tmpdir(), 'chorus-port-checks-'));
  const thread = await SqliteThread.open(dataDir);
  onTestFinished(async () => {
    await thread.kill();
    await rm(dataDir, { recursive: true, force: true });
  });
  return thread;
}

/** What `checkPorts` asks, over a storage thread. */
function portsOn(thread: SqliteThread) {
  return {
    log: new EmbeddedEventLog(thread, clock),
    records: new EmbeddedRecords(thread, clock),
    cache: new EmbeddedCache({ clock, random: new RealRandom() }),
  };
}

test('nobody is ready before the ports are open', async () => {
  const readiness = new Readiness(clock);
  checkPorts(readiness, readSettings({}), () => undefined);
  expect(await readiness.report()).toEqual({
    ready: false,
    checks: { event_log: false, records: false, cache: false },
  });
});

test('an embedded process whose storage thread died is not ready any more', async () => {
  const thread = await openStorage();
  const ports = portsOn(thread);
  const readiness = new Readiness(clock);
  checkPorts(readiness, readSettings({}), () => ports);
  expect((await readiness.report()).ready).toBe(true);
  await thread.kill();
  await expect
    .poll(() => readiness.report(), longerThanKept)
    .toEqual({
      ready: false,
      checks: { event_log: false, records: false, cache: true },
    });
});

test('shared servers that are lost later leave it ready', async () => {
  const thread = await openStorage();
  const ports = portsOn(thread);
  const readiness = new Readiness(clock);
  const shared = readSettings({
    KAFKA_BROKERS: 'kafka:9092',
    DATABASE_URL: 'postgres://postgres/chorus',
    REDIS_URL: 'redis://redis',
  });
  checkPorts(readiness, shared, () => ports);
  expect((await readiness.report()).ready).toBe(true);
  await Promise.all([thread.kill(), ports.cache.close()]);
  await expect
    .poll(() => readiness.report(), longerThanKept)
    .toEqual({
      ready: true,
      checks: { event_log: false, records: false, cache: false },
    });
});
