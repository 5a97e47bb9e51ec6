import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { feedbackTopic, taskTopic } from '../../../services/domain/topics.ts';
import { RealClock } from '../../../services/platform/clock/real-clock.ts';
import { EmbeddedEventLog } from '../../../services/platform/event-log/embedded-event-log.ts';
import { SqliteThread } from '../../../services/platform/sqlite/sqlite-thread.ts';
import { atLeast, atMost, type Bench, type Measurement } from './bench.ts';
import { closedLoop, nextTurn } from './load.ts';

const batch = 32;
const eventBytes = 300;
const taskBytes = 560;
const windowMs = 2000;
const clock = new RealClock();

/** The embedded event log: SQLite on its storage thread, and memory. */
export const sqlite: Measurement = {
  title: 'Embedded event log: the whole process on one core, a reader per task topic',
  runsOn: ['SQLite'],
  onOneCore: true,
  whyMissing: () => undefined,
  run: async (bench) => {
    const folder = await mkdtemp(join(tmpdir(), 'chorus-bench-'));
    const thread = await SqliteThread.open(join(folder, 'data'));
    const log = new EmbeddedEventLog(thread, clock);
    try {
      await measureDurable(bench, log, folder);
      await measureMemory(bench, log);
    } finally {
      await log.close();
      await thread.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function measureDurable(bench: Bench, log: EmbeddedEventLog, folder: string): Promise<void> {
  await log.ensureTopics([feedbackTopic]);
  const value = new Uint8Array(eventBytes).fill(7);
  let batches = 0;
  const call = async (): Promise<void> => {
    batches += 1;
    const key = `user-${batches % 997}`;
    await log.publish(Array.from({ length: batch }, () => ({ topic: feedbackTopic, key, value })));
  };
  const window = async (width: number) => {
    const syncUs = await syncTimeUs(join(folder, 'plain'), bench.lasting(300));
    const loop = { forMs: bench.lasting(windowMs), width, itemsPerCall: batch, call };
    const { items, wallUs, cpuUs } = await closedLoop(loop);
    return { syncUs, perSecond: (1e6 * items) / wallUs, cpuUs: cpuUs / items };
  };
  await window(1);
  for (const width of [1, 4]) {
    // oxlint-disable-next-line no-await-in-loop -- two at once would measure each other
    const taken = await bench.repeat(`durable batches of 32, ${width} in flight`, () =>
      window(width),
    );
    const what = `durable, ${eventBytes} bytes, batches of ${batch}, ${width} in flight`;
    const goal = width === 1 ? atLeast(15_000) : undefined;
    bench.add(`${what}: throughput`, 'records/s', taken('perSecond'), goal);
    bench.add(`${what}: CPU per record, both threads`, 'µs', taken('cpuUs'));
    bench.add('the disk just before: 4 KiB in place and fdatasync', 'µs', taken('syncUs'));
  }
}

/** What the disk alone takes: the durable figures are worth nothing without it. */
async function syncTimeUs(path: string, forMs: number): Promise<number> {
  const file = openSync(path, 'w');
  const page = Buffer.alloc(4096, 1);
  const call = async (): Promise<void> => {
    // In place, as the log's own file is written: growing a file costs the file system's journal too.
    writeSync(file, page, 0, page.length, 0);
    fdatasyncSync(file);
  };
  const { items, wallUs } = await closedLoop({ forMs, width: 1, call });
  closeSync(file);
  return wallUs / items;
}

async function measureMemory(bench: Bench, log: EmbeddedEventLog): Promise<void> {
  const topics = ['1', '2'].map((expert) => taskTopic('recommender', expert));
  await log.ensureTopics(topics);
  let handled = 0;
  await log.readSlot({ topics, partition: 0, handle: (records) => (handled += records.length) });
  const value = new Uint8Array(taskBytes).fill(7);
  const headers = { worker: 'n2KcU0r1q3mSPcmPqk2X7w' };
  const callsPerTurn = 8;
  const perTurn = callsPerTurn * topics.length;
  let published = 0;
  const turn = async (): Promise<void> => {
    for (let index = 0; index < callsPerTurn; index += 1) {
      const records = topics.map((topic) => ({ topic, partition: 0, key: 'r', value, headers }));
      published += records.length;
      // oxlint-disable-next-line no-await-in-loop -- as a request awaits it
      await log.publish(records);
    }
    await nextTurn();
  };
  const window = async () => {
    const loop = { forMs: bench.lasting(1000), width: 1, itemsPerCall: perTurn, call: turn };
    const { items, cpuUs, wallUs } = await closedLoop(loop);
    await nextTurn();
    if (handled !== published) throw new Error(`${handled} of ${published} records were handled`);
    return { us: cpuUs / items, perSecond: (1e6 * items) / wallUs };
  };
  await window();
  const memory = await bench.repeat('task topics in memory', window);
  const what = `task topics in memory, ${taskBytes} bytes, 2 records a call`;
  bench.add(`${what}: CPU per record, publish to handled`, 'µs', memory('us'), atMost(5));
  bench.add(`${what}: throughput`, 'records/s', memory('perSecond'));
}
