import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RealClock } from '../../../services/platform/clock/real-clock.ts';
import { RealRandom } from '../../../services/platform/random/real-random.ts';
import { EmbeddedRecords } from '../../../services/platform/records/embedded-records.ts';
import { PostgresRecords } from '../../../services/platform/records/postgres-records.ts';
import type { Migration, Records, Statement } from '../../../services/platform/records/records.ts';
import { SqliteThread } from '../../../services/platform/sqlite/sqlite-thread.ts';
import { postgres } from '../../servers/postgres.ts';
import type { Bench, Measurement } from './bench.ts';
import { cpuUsOf } from './cpu.ts';
import { closedLoop } from './load.ts';

const windowMs = 1200;
const clock = new RealClock();
const random = new RealRandom();

const schema: Migration = {
  id: '0001-bench',
  statements: () => [
    'CREATE TABLE bench_jobs (id TEXT PRIMARY KEY, state TEXT NOT NULL, body TEXT NOT NULL, changed_ms BIGINT NOT NULL)',
    'CREATE TABLE bench_outbox (id TEXT PRIMARY KEY, body TEXT NOT NULL)',
  ],
};

const body = 'x'.repeat(300);

/** The records on both engines. */
export const records: Measurement = {
  title: 'Records: rows of 300 bytes, on disk when acknowledged',
  runsOn: ['SQLite', 'pg', 'PostgreSQL'],
  whyMissing: () => postgres.whyMissing(),
  run: async (bench) => {
    await measureSqlite(bench);
    await measurePostgres(bench);
  },
};

async function measureSqlite(bench: Bench): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'chorus-bench-'));
  const thread = await SqliteThread.open(join(folder, 'data'));
  const rows = new EmbeddedRecords(thread, clock);
  try {
    await measureOn(bench, rows, {
      name: 'SQLite',
      single: 1,
      many: 32,
      note: '32 in flight (they share commits)',
    });
  } finally {
    await rows.close();
    await thread.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measurePostgres(bench: Bench): Promise<void> {
  const server = await postgres.start();
  const rows = await PostgresRecords.connect({ url: server.address, clock });
  try {
    await measureOn(bench, rows, {
      name: 'PostgreSQL',
      single: 1,
      many: 10,
      note: '10 in flight (a connection each)',
      serverPid: server.pid,
    });
  } finally {
    await rows.close();
    await server.stop();
  }
}

interface Engine {
  readonly name: string;
  readonly single: number;
  readonly many: number;
  readonly note: string;
  readonly serverPid?: number;
}

async function measureOn(bench: Bench, rows: Records, engine: Engine): Promise<void> {
  await rows.migrate([schema]);
  const { name, single, many, note, serverPid } = engine;
  const calls = [
    { what: 'an INSERT', make: insert },
    { what: '4 statements', make: fourStatements },
  ];
  for (const { what, make } of calls) {
    const call = async () => rows.run(make());
    for (const width of [single, many]) {
      const window = async () => {
        const serverCpuUs = serverPid === undefined ? 0 : cpuUsOf(serverPid);
        const loop = await closedLoop({ forMs: bench.lasting(windowMs), width, call });
        const serverUs = serverPid === undefined ? 0 : cpuUsOf(serverPid) - serverCpuUs;
        return {
          wallUs: loop.wallUs / loop.items,
          cpuUs: loop.cpuUs / loop.items,
          serverUs: serverUs / loop.items,
        };
      };
      /* oxlint-disable no-await-in-loop -- two at once would measure each other */
      await closedLoop({ forMs: bench.lasting(500), width, call });
      const taken = await bench.repeat(`${name}: ${what}, ${width} in flight`, window);
      /* oxlint-enable no-await-in-loop */
      const how = width === 1 ? 'one at a time' : note;
      const load = `${name}: ${what}, ${how}`;
      bench.add(`${load}: time per call`, 'µs', taken('wallUs'));
      bench.add(`${load}: CPU, client`, 'µs', taken('cpuUs'));
      if (serverPid !== undefined) bench.add(`${load}: CPU, server`, 'µs', taken('serverUs'));
    }
  }
}

function insert(): readonly Statement[] {
  return [insertJob(random.id())];
}

/** What a job's acceptance and first step take: row, outbox, a guarded change, a look. */
function fourStatements(): readonly Statement[] {
  const id = random.id();
  return [
    insertJob(id),
    { sql: 'INSERT INTO bench_outbox (id, body) VALUES ($1, $2)', params: [id, body] },
    {
      sql: "UPDATE bench_jobs SET state = $1, changed_ms = $2 WHERE id = $3 AND state = 'QUEUED'",
      params: ['RUNNING', clock.nowMs(), id],
      expectRows: 1,
    },
    { sql: 'SELECT state, changed_ms FROM bench_jobs WHERE id = $1', params: [id] },
  ];
}

function insertJob(id: string): Statement {
  return {
    sql: 'INSERT INTO bench_jobs (id, state, body, changed_ms) VALUES ($1, $2, $3, $4)',
    params: [id, 'QUEUED', body, clock.nowMs()],
  };
}
