import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteThread } from './sqlite-thread.ts';

// A thread starts in 30 ms, on a busy machine in a second.
describe('SqliteThread', { timeout: 60_000 }, () => {
  let dataDir: string;
  let thread: SqliteThread;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'chorus-sqlite-'));
    thread = await SqliteThread.open(dataDir);
    await thread.run('f', [{ sql: 'CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)' }]);
  });

  afterEach(async () => {
    await thread.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const insert = (...ids: number[]) =>
    thread.run('f', [{ sql: 'INSERT INTO t (id) VALUES (?)', rows: ids.map((id) => [id]) }]);
  const ids = async (from = thread) => {
    const [result] = await from.run('f', [{ sql: 'SELECT id FROM t ORDER BY id' }]);
    return result?.rows.map((row) => row['id']);
  };

  it('is on the safe settings: WAL, every commit on disk', async () => {
    const [mode, level] = await Promise.all([
      thread.run('f', [{ sql: 'PRAGMA journal_mode' }]),
      thread.run('f', [{ sql: 'PRAGMA synchronous' }]),
    ]);
    expect(mode[0]?.rows).toEqual([{ journal_mode: 'wal' }]);
    expect(level[0]?.rows).toEqual([{ synchronous: 2 }]);
  });

  it('undoes only the failing call of a group', async () => {
    await insert(7);
    const outcomes = await Promise.allSettled([insert(1, 2), insert(3, 7), insert(4), ids()]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(await ids()).toEqual([1, 2, 4, 7]);
  });

  it('sums the changes of bulk rows, and holds them against expectRows', async () => {
    const [result] = await insert(1, 2, 3);
    expect(result?.changes).toBe(3);
    const more = { sql: 'INSERT INTO t (id) VALUES (?)', rows: [[4], [5]], expectRows: 3 };
    await expect(thread.run('f', [more])).rejects.toMatchObject({ code: 'conflict' });
    expect(await ids()).toEqual([1, 2, 3]);
  });

  it('refuses a second statement in one text instead of forgetting it', async () => {
    const both = { sql: 'INSERT INTO t (id) VALUES (1); INSERT INTO t (id) VALUES (2)' };
    await expect(thread.run('f', [both])).rejects.toMatchObject({ code: 'invalid_argument' });
    await thread.run('f', [{ sql: "INSERT INTO t (id) VALUES (3); -- it's all" }]);
    expect(await ids()).toEqual([3]);
  });

  it('keeps files apart', async () => {
    await thread.run('g', [{ sql: 'CREATE TABLE t (id INTEGER PRIMARY KEY)' }]);
    await Promise.all([insert(1), thread.run('g', [{ sql: 'INSERT INTO t (id) VALUES (2)' }])]);
    expect(await ids()).toEqual([1]);
  });

  it('answers a full disk with a typed error, acknowledges nothing of it, and goes on', async () => {
    // A limit on pages stands in for the disk: SQLite reports both as SQLITE_FULL.
    await thread.run('f', [{ sql: 'PRAGMA max_page_count = 20' }]);
    const large = { sql: 'INSERT INTO t (id, body) VALUES ($1, $2)' };
    const outcomes = await Promise.allSettled([
      insert(1),
      thread.run('f', [{ ...large, params: [2, new Uint8Array(1_000_000)] }]),
      insert(3),
    ]);
    expect(outcomes).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'unavailable' } },
      { status: 'fulfilled' },
    ]);
    expect(await ids()).toEqual([1, 3]);
  });

  it('is refused to a second opener, whoever that is, until it is closed', async () => {
    const refused = { code: 'data_dir_in_use', message: expect.stringContaining(dataDir) };
    await expect(SqliteThread.open(dataDir)).rejects.toMatchObject(refused);
    const child = openInChild(dataDir);
    expect(await child.firstLine).toBe('data_dir_in_use');
    await thread.close();
    thread = await SqliteThread.open(dataDir);
    expect(await ids()).toEqual([]);
  });

  it('says which folder cannot be used', async () => {
    const opening = SqliteThread.open('/dev/null/data');
    await expect(opening).rejects.toMatchObject({
      code: 'bad_setting',
      message: expect.stringContaining('/dev/null/data'),
    });
  });

  it('rejects what waits when the thread dies, and everything after', async () => {
    const calls = Array.from({ length: 20 }, (_, index) => insert(index));
    const outcomes = Promise.allSettled(calls);
    await thread.kill();
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject(
        outcome.status === 'rejected' ? { reason: { code: 'unavailable' } } : {},
      );
    }
    await expect(ids()).rejects.toMatchObject({ code: 'unavailable' });
    await thread.close();
  });

  it('finishes what was called before it closes, and refuses what comes after', async () => {
    const calls = Array.from({ length: 20 }, (_, index) => insert(index));
    const closed = Promise.all([thread.close(), thread.close()]);
    await expect(insert(99)).rejects.toMatchObject({ code: 'unavailable' });
    await Promise.all(calls);
    await closed;
    thread = await SqliteThread.open(dataDir);
    expect(await ids()).toHaveLength(20);
  });

  it('sends of a view only what it shows', async () => {
    const pool = new Uint8Array(100_000);
    const sql = 'INSERT INTO t (id, body) VALUES ($1, $2)';
    await thread.run('f', [{ sql, params: [1, pool.subarray(7, 9)] }]);
    const [result] = await thread.run('f', [{ sql: 'SELECT body FROM t' }]);
    expect(result?.rows).toEqual([{ body: new Uint8Array(2) }]);
  });

  it('has every acknowledged row after kill −9, and gives the folder to the next', async () => {
    await thread.close();
    const child = openInChild(dataDir);
    const acknowledged: number[] = [];
    child.lines.on('line', (line) => acknowledged.push(Number(line)));
    await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(50);
    child.process.kill('SIGKILL');
    await once(child.process, 'exit');
    thread = await SqliteThread.open(dataDir);
    const kept = new Set(await ids());
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
  });
});

/** Another process that opens the folder and writes rows for ever, saying each acknowledged id, or the error's code. */
function openInChild(dataDir: string) {
  const program = `
    const { SqliteThread } = await import(${JSON.stringify(new URL('sqlite-thread.ts', import.meta.url))});
    try {
      const thread = await SqliteThread.open(${JSON.stringify(dataDir)});
      for (let id = 0; ; id += 1) {
        await thread.run('f', [{ sql: 'INSERT INTO t (id) VALUES ($1)', params: [id] }]);
        console.log(id);
      }
    } catch (error) {
      console.log(error.code);
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const firstLine = once(lines, 'line').then(([line]: unknown[]) => String(line));
  return { process: child, lines, firstLine };
}
