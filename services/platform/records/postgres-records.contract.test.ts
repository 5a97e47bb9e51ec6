import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { postgres } from '../../../test/servers/postgres.ts';
import type { RunningServer } from '../../../test/servers/server-kind.ts';
import { RealClock } from '../clock/real-clock.ts';
import { RealRandom } from '../random/real-random.ts';
import { PostgresRecords, type PostgresRecordsOptions } from './postgres-records.ts';
import { recordsContract } from './records.contract.ts';

const servers = inject('servers');
const clock = new RealClock();
const random = new RealRandom();
const patience = { timeout: 20_000, interval: 20 };
const unreachable = 'postgresql://postgres:secret@127.0.0.1:1/chorus';
const select = [{ sql: 'SELECT 1' }];

async function administer(sql: string): Promise<void> {
  const client = new Client({ connectionString: servers.postgres ?? '' });
  await client.connect();
  await client.query(sql);
  await client.end();
}

/** A database of its own on the shared server. */
async function createDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `chorus_${Buffer.from(random.bytes(8)).toString('hex')}`;
  await administer(`CREATE DATABASE ${name}`);
  const url = new URL(servers.postgres ?? '');
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => administer(`DROP DATABASE ${name} WITH (FORCE)`),
  };
}

const open = (url: string, rules: Partial<PostgresRecordsOptions> = {}): PostgresRecords =>
  new PostgresRecords({ url, clock, ...rules });

describe.skipIf(!servers.postgres)('PostgreSQL records (skipped: no PostgreSQL here)', () => {
  recordsContract(async () => {
    const database = await createDatabase();
    return {
      open: async () => PostgresRecords.connect({ url: database.url, clock }),
      openUnreachable: async () => open(unreachable, { acquireTimeoutMs: 500 }),
      destroy: async () => database.drop(),
    };
  });

  describe('clients', () => {
    it('that are all busy give a typed error in time, and come back', async () => {
      const records = open(servers.postgres ?? '', { maxClients: 2, acquireTimeoutMs: 200 });
      const sleep = async () => records.run([{ sql: 'SELECT pg_sleep(1)' }]);
      const busy = [sleep(), sleep()];
      await expect(records.run(select)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('within 200 ms'),
      });
      await Promise.all(busy);
      await expect(records.run(select)).resolves.toHaveLength(1);
      await records.close();
    });

    it('are not held by a statement that takes too long', async () => {
      const records = open(servers.postgres ?? '', { maxClients: 1, statementTimeoutMs: 200 });
      await expect(records.run([{ sql: 'SELECT pg_sleep(60)' }])).rejects.toMatchObject({
        code: 'unavailable',
      });
      await expect(records.run(select)).resolves.toHaveLength(1);
      await records.close();
    });

    it('come back, undone, from a call that its caller gave up', async () => {
      const database = await createDatabase();
      const records = open(database.url, { maxClients: 1 });
      await records.run([{ sql: 'CREATE TABLE t (id BIGINT PRIMARY KEY)' }]);
      const stopping = new AbortController();
      const call = records.run(
        [{ sql: 'INSERT INTO t (id) VALUES (1)' }, { sql: 'SELECT pg_sleep(0.2)' }],
        stopping.signal,
      );
      const waiting = records.run(select, stopping.signal);
      stopping.abort();
      await expect(call).rejects.toMatchObject({ code: 'cancelled' });
      await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
      const [result] = await records.run([{ sql: 'SELECT id FROM t' }]);
      expect(result?.rows).toEqual([]);
      await records.close();
      await database.drop();
    });

    it('are reached again after a deadlock, which nobody notices', async () => {
      const database = await createDatabase();
      const records = open(database.url);
      await records.run([
        { sql: 'CREATE TABLE t (id BIGINT PRIMARY KEY, amount BIGINT NOT NULL)' },
        { sql: 'INSERT INTO t (id, amount) VALUES (1, 0), (2, 0)' },
      ]);
      const addTo = (id: number) => ({
        sql: 'UPDATE t SET amount = amount + 1 WHERE id = $1',
        params: [id],
        expectRows: 1,
      });
      const pause = { sql: 'SELECT pg_sleep(0.1)' };
      await Promise.all([
        records.run([addTo(1), pause, addTo(2)]),
        records.run([addTo(2), pause, addTo(1)]),
      ]);
      const [result] = await records.run([{ sql: 'SELECT amount FROM t' }]);
      expect(result?.rows).toEqual([{ amount: 2 }, { amount: 2 }]);
      await records.close();
      await database.drop();
    });

    it('take up a schema that another process changed', async () => {
      const database = await createDatabase();
      const [here, there] = [open(database.url), open(database.url)];
      await here.run([{ sql: 'CREATE TABLE t (id BIGINT)' }]);
      const read = async () =>
        Promise.all(Array.from({ length: 5 }, async () => here.run([{ sql: 'SELECT * FROM t' }])));
      await read();
      await there.run([{ sql: 'ALTER TABLE t ADD COLUMN name TEXT' }]);
      await there.run([{ sql: "INSERT INTO t (id, name) VALUES (1, 'a')" }]);
      for (const [result] of await read()) expect(result?.rows).toEqual([{ id: 1, name: 'a' }]);
      await Promise.all([here.close(), there.close()]);
      await database.drop();
    });

    it('refuse a second statement behind a semicolon', async () => {
      const records = open(servers.postgres ?? '');
      await expect(records.run([{ sql: 'SELECT 1; SELECT 2' }])).rejects.toMatchObject({
        code: 'invalid_argument',
      });
      await records.close();
    });
  });

  it('migrates once when several processes start on an empty database', async () => {
    const database = await createDatabase();
    const processes = Array.from({ length: 4 }, () => open(database.url));
    const migrations = [1, 2, 3].map((step) => ({
      id: `000${step}`,
      statements: () => [
        `CREATE TABLE t${step} (id BIGINT)`,
        `INSERT INTO t${step} (id) VALUES (1)`,
      ],
    }));
    await Promise.all(processes.map(async (records) => records.migrate(migrations)));
    for (const records of processes) {
      // oxlint-disable-next-line no-await-in-loop
      await records.run([{ sql: 'SELECT id FROM t3', expectRows: 1 }]);
    }
    await Promise.all(processes.map(async (records) => records.close()));
    await database.drop();
  });

  describe('a server that goes away', () => {
    let server: RunningServer;
    let records: PostgresRecords;

    beforeAll(async () => {
      server = await postgres.start();
      records = await PostgresRecords.connect({
        url: server.address,
        clock,
        acquireTimeoutMs: 500,
        statementTimeoutMs: 500,
      });
      await records.run([{ sql: 'CREATE TABLE t (id TEXT PRIMARY KEY)' }]);
    });

    afterAll(async () => {
      await records.close();
      await server.stop();
    });

    const insert = (id: string) => [{ sql: 'INSERT INTO t (id) VALUES ($1)', params: [id] }];

    it('fails calls in flight as unavailable and is used again when it is back', async () => {
      await records.run(insert('before'));
      const sleeping = [1, 2, 3].map(async () =>
        records.run([...insert('never'), { sql: 'SELECT pg_sleep(0.4)' }]),
      );
      const outcomes = Promise.allSettled(sleeping);
      await expect.poll(async () => records.isHealthy(), patience).toBe(true);
      await server.restart();
      for (const outcome of await outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
      }
      await expect.poll(async () => records.isHealthy(), patience).toBe(true);
      const [result] = await records.run([{ sql: 'SELECT id FROM t' }]);
      expect(result?.rows).toEqual([{ id: 'before' }]);
    });

    it('fails calls as unavailable in time while it accepts no client', async () => {
      const fresh = open(server.address, { acquireTimeoutMs: 300 });
      server.pause();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, async () => fresh.run(select)),
      );
      server.resume();
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
      }
      await expect.poll(async () => fresh.isHealthy(), patience).toBe(true);
      await fresh.close();
    });

    it('drops a connection that stays silent', async () => {
      const single = open(server.address, { maxClients: 1, statementTimeoutMs: 200 });
      const backend = async (): Promise<number> => {
        const [result] = await single.run([{ sql: 'SELECT pg_backend_pid() AS pid' }]);
        return Number(result?.rows[0]?.['pid']);
      };
      const silent = await backend();
      process.kill(silent, 'SIGSTOP');
      await expect(single.run(select)).rejects.toMatchObject({ code: 'unavailable' });
      expect(await backend()).not.toBe(silent);
      process.kill(silent, 'SIGKILL');
      await single.close();
    });
  });

  describe('a start without PostgreSQL', () => {
    it('waits for it by name, then goes on', async () => {
      const server = await postgres.start();
      await server.kill();
      const lines: string[] = [];
      const connecting = PostgresRecords.connect({
        url: server.address,
        clock,
        onWaiting: (line) => lines.push(line),
      });
      await expect.poll(() => lines, patience).toHaveLength(1);
      expect(lines[0]).toContain(`PostgreSQL at ${new URL(server.address).host} does not answer`);
      await server.restart();
      const records = await connecting;
      await expect(records.run(select)).resolves.toHaveLength(1);
      await records.close();
      await server.stop();
    });

    it('stops waiting when told to, and never shows the password', async () => {
      const stopping = new AbortController();
      const lines: string[] = [];
      const connecting = PostgresRecords.connect({
        url: unreachable,
        clock,
        signal: stopping.signal,
        onWaiting: (line) => {
          lines.push(line);
          stopping.abort();
        },
      });
      await expect(connecting).rejects.toMatchObject({ code: 'cancelled' });
      expect(lines.join()).not.toContain('secret');
    });

    it('does not wait for a database that the server does not have', async () => {
      const url = new URL(servers.postgres ?? '');
      url.pathname = '/nowhere';
      await expect(PostgresRecords.connect({ url: url.href, clock })).rejects.toMatchObject({
        code: 'bad_setting',
        message: expect.stringContaining('DATABASE_URL'),
      });
    });
  });
});
