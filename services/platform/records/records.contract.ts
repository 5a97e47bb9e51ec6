import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RealRandom } from '../random/real-random.ts';
import type { Migration, Records, Result, Statement, Value } from './records.ts';

/** A database that the suite may use as it likes; each adapter's test builds one. */
export interface RecordsStorage {
  /** One more client of the same database; the suite closes it. */
  open(): Promise<Records>;
  /** A client whose database cannot be reached; its calls must fail within a few seconds. */
  openUnreachable(): Promise<Records>;
  /** Removes what the suite left behind. */
  destroy(): Promise<void>;
}

const random = new RealRandom();

// Names are random because a shared database may run the suite several times at once.
const uniqueName = (prefix: string): string =>
  `${prefix}_${Buffer.from(random.bytes(8)).toString('hex')}`;

const rejectsWith = (code: string) => ({ code, name: 'ChorusError' });

const makeTable = (id: string, table: string): Migration => ({
  id,
  statements: () => [
    `CREATE TABLE ${table} (id TEXT PRIMARY KEY)`,
    `INSERT INTO ${table} (id) VALUES ('seed')`,
  ],
});

const asBytes = (value: unknown): readonly number[] => {
  if (!(value instanceof Uint8Array)) throw new TypeError('expected bytes');
  return Array.from(value);
};

/** What every adapter of the records port does; called inside a `describe` that names the adapter. */
export function recordsContract(createStorage: () => Promise<RecordsStorage>): void {
  let storage: RecordsStorage;
  let records: Records;

  beforeAll(async () => {
    storage = await createStorage();
    records = await storage.open();
  });

  afterAll(async () => {
    await records.close();
    await storage.destroy();
  });

  const one = async (sql: string, ...params: Value[]): Promise<Result> => {
    const [result] = await records.run([{ sql, params }]);
    if (result === undefined) throw new Error('one statement gave no result');
    return result;
  };

  const createTable = async (): Promise<string> => {
    const table = uniqueName('t');
    await one(
      `CREATE TABLE ${table} (id TEXT PRIMARY KEY, amount BIGINT, share DOUBLE PRECISION, body BYTEA)`,
    );
    return table;
  };

  const ids = async (table: string): Promise<readonly (Value | undefined)[]> => {
    const { rows } = await one(`SELECT id FROM ${table} ORDER BY id`);
    return rows.map((row) => row['id']);
  };

  describe('values', () => {
    it.each<[string, Value]>([
      ['zero', 0],
      ['a negative integer', -42],
      ['the largest safe integer', Number.MAX_SAFE_INTEGER],
      ['the smallest safe integer', Number.MIN_SAFE_INTEGER],
      ['null', null],
    ])('gives back %s', async (_what, value) => {
      const table = await createTable();
      await one(`INSERT INTO ${table} (id, amount) VALUES ($1, $2)`, 'a', value);
      expect((await one(`SELECT amount FROM ${table}`)).rows).toEqual([{ amount: value }]);
    });

    it('gives back fractions and integers from a column of fractions', async () => {
      const table = await createTable();
      const numbers = [0.1, -1e-300, 3, 1e300];
      await records.run(
        numbers.map((share, index) => ({
          sql: `INSERT INTO ${table} (id, share) VALUES ($1, $2)`,
          params: [`${index}`, share],
        })),
      );
      const { rows } = await one(`SELECT share FROM ${table} ORDER BY id`);
      expect(rows.map((row) => row['share'])).toEqual(numbers);
    });

    it.each(['', 'plain', "it's; --", 'ünïcödé 電影 🎬', 'line\nline\ttab', '$1', '42'])(
      'gives back the text %j',
      async (text) => {
        const table = await createTable();
        await one(`INSERT INTO ${table} (id) VALUES ($1)`, text);
        expect(await ids(table)).toEqual([text]);
        expect((await one(`SELECT amount FROM ${table} WHERE id = $1`, text)).changes).toBe(1);
      },
    );

    it('gives back bytes, and of a view only the part it shows', async () => {
      const table = await createTable();
      const every = Uint8Array.from({ length: 256 }, (_, index) => index);
      const view = every.subarray(10, 13);
      await records.run([
        { sql: `INSERT INTO ${table} (id, body) VALUES ($1, $2)`, params: ['a', every] },
        { sql: `INSERT INTO ${table} (id, body) VALUES ($1, $2)`, params: ['b', view] },
        {
          sql: `INSERT INTO ${table} (id, body) VALUES ($1, $2)`,
          params: ['c', new Uint8Array(0)],
        },
      ]);
      const { rows } = await one(`SELECT body FROM ${table} ORDER BY id`);
      const bodies = rows.map((row) => asBytes(row['body']));
      expect(bodies).toEqual([asBytes(every), asBytes(view), []]);
    });

    it('counts, adds and averages to numbers', async () => {
      const table = await createTable();
      await one(`INSERT INTO ${table} (id, amount) VALUES ($1, $2), ($3, $4)`, 'a', 1, 'b', 4);
      const { rows } = await one(
        `SELECT COUNT(*) AS count, SUM(amount) AS sum, MAX(amount) AS max FROM ${table}`,
      );
      expect(rows).toEqual([{ count: 2, sum: 5, max: 4 }]);
    });

    it('computes with integer parameters as integers', async () => {
      const table = await createTable();
      await one(`INSERT INTO ${table} (id, amount) VALUES ($1, $2)`, 'a', 7);
      const { rows } = await one(`SELECT amount / $1 AS half FROM ${table}`, 2);
      expect(rows).toEqual([{ half: 3 }]);
    });

    it.each<[string, unknown]>([
      ['undefined', undefined],
      ['an integer past 2^53', 2 ** 53],
      ['a negative integer past 2^53', -(2 ** 53)],
      ['NaN', Number.NaN],
      ['infinity', Number.POSITIVE_INFINITY],
      ['a boolean', true],
      ['a date', new Date(0)],
      ['a bigint', 1n],
      ['a text with a zero byte', 'a\u0000b'],
      ['half a surrogate pair', '\ud800'],
    ])('refuses %s and writes nothing', async (_what, value) => {
      const table = await createTable();
      const call = records.run([
        { sql: `INSERT INTO ${table} (id) VALUES ($1)`, params: ['first'] },
        {
          sql: `INSERT INTO ${table} (id) VALUES ($1)`, // What the types forbid may still come from untyped input.
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion
          params: [value as Value],
        },
      ]);
      await expect(call).rejects.toMatchObject(rejectsWith('invalid_argument'));
      expect(await ids(table)).toEqual([]);
    });

    it('refuses to read an integer past 2^53 instead of rounding it', async () => {
      const table = await createTable();
      await one(`INSERT INTO ${table} (id, amount) VALUES ($1, 9007199254740993)`, 'a');
      await expect(one(`SELECT amount FROM ${table}`)).rejects.toMatchObject(
        rejectsWith('invalid_argument'),
      );
      expect((await one(`SELECT id FROM ${table}`)).rows).toEqual([{ id: 'a' }]);
    });
  });

  describe('one call is one transaction', () => {
    it('gives one result per statement, with the rows changed or returned', async () => {
      const table = await createTable();
      const results = await records.run([
        {
          sql: `INSERT INTO ${table} (id, amount) VALUES ($1, $2), ($3, $4)`,
          params: ['a', 1, 'b', 2],
        },
        { sql: `UPDATE ${table} SET amount = amount + $1 WHERE id = $2`, params: [10, 'b'] },
        { sql: `SELECT id, amount FROM ${table} ORDER BY id` },
        { sql: `DELETE FROM ${table} WHERE id = $1`, params: ['nobody'] },
      ]);
      expect(results.map((result) => result.changes)).toEqual([2, 1, 2, 0]);
      expect(results[2]?.rows).toEqual([
        { id: 'a', amount: 1 },
        { id: 'b', amount: 12 },
      ]);
      expect(results[0]?.rows).toEqual([]);
    });

    it('takes an empty call', async () => {
      expect(await records.run([])).toEqual([]);
    });

    it('undoes everything when a constraint is broken, and works on', async () => {
      const table = await createTable();
      const insert = (id: string): Statement => ({
        sql: `INSERT INTO ${table} (id) VALUES ($1)`,
        params: [id],
      });
      await expect(records.run([insert('a'), insert('b'), insert('a')])).rejects.toMatchObject(
        rejectsWith('invalid_argument'),
      );
      expect(await ids(table)).toEqual([]);
      await records.run([insert('c')]);
      expect(await ids(table)).toEqual(['c']);
    });

    it('undoes everything when the SQL is wrong', async () => {
      const table = await createTable();
      const call = records.run([
        { sql: `INSERT INTO ${table} (id) VALUES ($1)`, params: ['a'] },
        { sql: 'SELEKT 1' },
      ]);
      await expect(call).rejects.toMatchObject(rejectsWith('invalid_argument'));
      expect(await ids(table)).toEqual([]);
    });

    it.each([{ params: ['a'] }, { params: ['a', 1, 2] }])(
      'refuses $params for a statement of two parameters',
      async ({ params }) => {
        const table = await createTable();
        const sql = `INSERT INTO ${table} (id, amount) VALUES ($1, $2)`;
        await expect(one(sql, ...params)).rejects.toMatchObject(rejectsWith('invalid_argument'));
        expect(await ids(table)).toEqual([]);
      },
    );

    it('undoes everything when expectRows is not met, and names the statement', async () => {
      const table = await createTable();
      const call = records.run([
        { sql: `INSERT INTO ${table} (id) VALUES ($1)`, params: ['a'], expectRows: 1 },
        { sql: `UPDATE ${table} SET amount = 1 WHERE id = $1`, params: ['b'], expectRows: 1 },
        { sql: `INSERT INTO ${table} (id) VALUES ($1)`, params: ['c'] },
      ]);
      await expect(call).rejects.toMatchObject({
        ...rejectsWith('conflict'),
        message: expect.stringContaining('statement 1'),
      });
      expect(await ids(table)).toEqual([]);
    });

    it('holds expectRows against the rows of a query too', async () => {
      const table = await createTable();
      const query = { sql: `SELECT id FROM ${table}`, expectRows: 1 };
      await expect(records.run([query])).rejects.toMatchObject(rejectsWith('conflict'));
      await one(`INSERT INTO ${table} (id) VALUES ($1)`, 'a');
      await expect(records.run([query])).resolves.toHaveLength(1);
    });

    it('returns rows of INSERT, UPDATE and DELETE … RETURNING', async () => {
      const table = await createTable();
      const inserted = await one(
        `INSERT INTO ${table} (id, amount) VALUES ($1, $2) RETURNING id, amount`,
        'a',
        1,
      );
      expect(inserted).toMatchObject({ changes: 1, rows: [{ id: 'a', amount: 1 }] });
      const updated = await one(`UPDATE ${table} SET amount = 2 RETURNING amount`);
      expect(updated).toMatchObject({ changes: 1, rows: [{ amount: 2 }] });
      const deleted = await one(`DELETE FROM ${table} WHERE id = $1 RETURNING id`, 'a');
      expect(deleted).toMatchObject({ changes: 1, rows: [{ id: 'a' }] });
      expect(await ids(table)).toEqual([]);
    });

    it('knows ON CONFLICT DO NOTHING and DO UPDATE', async () => {
      const table = await createTable();
      const into = `INSERT INTO ${table} (id, amount) VALUES ($1, $2) ON CONFLICT (id)`;
      expect((await one(`${into} DO NOTHING`, 'a', 1)).changes).toBe(1);
      expect((await one(`${into} DO NOTHING`, 'a', 2)).changes).toBe(0);
      expect((await one(`${into} DO UPDATE SET amount = excluded.amount`, 'a', 3)).changes).toBe(1);
      expect((await one(`SELECT amount FROM ${table}`)).rows).toEqual([{ amount: 3 }]);
    });

    it('uses one parameter in several places', async () => {
      const table = await createTable();
      // Places of one type: PostgreSQL refuses a parameter that would be an integer here and a
      // fraction there.
      await one(`INSERT INTO ${table} (id, amount) VALUES ('a', $1), ('b', $1 + 1)`, 5);
      const { rows } = await one(
        `SELECT id, amount FROM ${table} WHERE amount >= $1 AND amount <= $1`,
        5,
      );
      expect(rows).toEqual([{ id: 'a', amount: 5 }]);
    });
  });

  describe('concurrent calls', () => {
    it('lets exactly one of many conditional updates through, over two clients', async () => {
      const table = await createTable();
      const other = await storage.open();
      await one(`INSERT INTO ${table} (id, amount) VALUES ('job', 0)`);
      const claim = (client: Records, attempt: number) =>
        client.run([
          {
            sql: `UPDATE ${table} SET amount = $1 WHERE id = 'job' AND amount = 0`,
            params: [attempt],
            expectRows: 1,
          },
          { sql: `INSERT INTO ${table} (id) VALUES ($1)`, params: [`claim-${attempt}`] },
        ]);
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          claim(index % 2 === 0 ? records : other, index + 1),
        ),
      );
      await other.close();
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const reasons = outcomes.flatMap((outcome) =>
        outcome.status === 'rejected' ? [outcome.reason] : [],
      );
      expect(reasons).toEqual(reasons.map(() => expect.objectContaining({ code: 'conflict' })));
      expect(await ids(table)).toHaveLength(2);
    });

    it('undoes only the failing one of calls made at once', async () => {
      const table = await createTable();
      await one(`INSERT INTO ${table} (id) VALUES ('taken')`);
      const insert = (...keys: string[]) =>
        records.run(
          keys.map((id) => ({ sql: `INSERT INTO ${table} (id) VALUES ($1)`, params: [id] })),
        );
      const outcomes = await Promise.allSettled([
        insert('a1', 'a2'),
        insert('b1', 'taken'),
        insert('c1'),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await ids(table)).toEqual(['a1', 'a2', 'c1', 'taken']);
    });

    it('loses no increment', async () => {
      const table = await createTable();
      await one(`INSERT INTO ${table} (id, amount) VALUES ('n', 0)`);
      await Promise.all(
        Array.from({ length: 50 }, () =>
          one(`UPDATE ${table} SET amount = amount + 1 WHERE id = 'n'`),
        ),
      );
      expect((await one(`SELECT amount FROM ${table}`)).rows).toEqual([{ amount: 50 }]);
    });
  });

  describe('migrations', () => {
    it('run in the order of their ids, once each', async () => {
      const table = uniqueName('t');
      const prefix = uniqueName('m');
      const first = makeTable(`${prefix}-0001`, table);
      const second: Migration = {
        id: `${prefix}-0002`,
        statements: () => [`INSERT INTO ${table} (id) VALUES ('second')`],
      };
      await records.migrate([first]);
      await records.migrate([second, first]);
      await records.migrate([second, first]);
      expect(await ids(table)).toEqual(['second', 'seed']);
    });

    it('may race in several processes', async () => {
      const table = uniqueName('t');
      const migration = makeTable(uniqueName('m'), table);
      const others = await Promise.all([storage.open(), storage.open()]);
      await Promise.all(
        [records, ...others, records].map(async (client) => {
          await client.migrate([migration]);
          // Whoever returned may use the schema at once.
          await client.run([{ sql: `SELECT id FROM ${table}`, expectRows: 1 }]);
        }),
      );
      await Promise.all(others.map(async (client) => client.close()));
    });

    it('leave nothing of a step that fails, and take it again when mended', async () => {
      const table = uniqueName('t');
      const id = uniqueName('m');
      const broken: Migration = {
        id,
        statements: () => [`CREATE TABLE ${table} (id TEXT PRIMARY KEY)`, 'SELEKT 1'],
      };
      await expect(records.migrate([broken])).rejects.toMatchObject({ name: 'ChorusError' });
      await records.migrate([makeTable(id, table)]);
      expect(await ids(table)).toEqual(['seed']);
    });

    it('say which dialect is asked for', async () => {
      const asked: string[] = [];
      await records.migrate([
        {
          id: uniqueName('m'),
          statements: (dialect) => {
            asked.push(dialect);
            return [];
          },
        },
      ]);
      expect(['sqlite', 'postgres']).toContain(asked[0]);
    });
  });

  describe('ends', () => {
    it('is healthy while it answers', async () => {
      expect(await records.isHealthy()).toBe(true);
    });

    it('rejects a call whose signal has aborted', async () => {
      const signal = AbortSignal.abort();
      await expect(records.run([{ sql: 'SELECT 1' }], signal)).rejects.toMatchObject(
        rejectsWith('cancelled'),
      );
    });

    it('waits for calls in flight when closed while busy, then refuses', async () => {
      const table = await createTable();
      const client = await storage.open();
      const calls = Array.from({ length: 10 }, (_, index) =>
        client.run([{ sql: `INSERT INTO ${table} (id) VALUES ($1)`, params: [`${index}`] }]),
      );
      const closed = Promise.all([client.close(), client.close()]);
      await Promise.all(calls);
      await closed;
      expect(await ids(table)).toHaveLength(10);
      await expect(client.run([{ sql: 'SELECT 1' }])).rejects.toMatchObject(
        rejectsWith('unavailable'),
      );
      expect(await client.isHealthy()).toBe(false);
      await client.close();
    });

    it('fails with unavailable when the database cannot be reached', async () => {
      const client = await storage.openUnreachable();
      await expect(client.run([{ sql: 'SELECT 1' }])).rejects.toMatchObject(
        rejectsWith('unavailable'),
      );
      expect(await client.isHealthy()).toBe(false);
      await client.close();
    });
  });
}
