import { expect, it } from 'vitest';
import type { Value } from '../records.ts';
import { rejectsWith, type RecordsRig } from './rig.ts';

/** What is written is read: every kind of value, and what is none. */
export function valueRules(rig: () => RecordsRig): void {
  it.each<[string, Value]>([
    ['zero', 0],
    ['a negative integer', -42],
    ['the largest safe integer', Number.MAX_SAFE_INTEGER],
    ['the smallest safe integer', Number.MIN_SAFE_INTEGER],
    ['null', null],
  ])('gives back %s', async (_what, value) => {
    const table = await rig().createTable();
    await rig().one(`INSERT INTO ${table} (id, amount) VALUES ($1, $2)`, 'a', value);
    expect((await rig().one(`SELECT amount FROM ${table}`)).rows).toEqual([{ amount: value }]);
  });

  it('gives back fractions and integers from a column of fractions', async () => {
    const table = await rig().createTable();
    const numbers = [0.1, -1e-300, 3, 1e300];
    await rig().records.run(
      numbers.map((share, index) => ({
        sql: `INSERT INTO ${table} (id, share) VALUES ($1, $2)`,
        params: [`${index}`, share],
      })),
    );
    const { rows } = await rig().one(`SELECT share FROM ${table} ORDER BY id`);
    expect(rows.map((row) => row['share'])).toEqual(numbers);
  });

  it.each(['', 'plain', "it's; --", 'ünïcödé 電影 🎬', 'line\nline\ttab', '$1', '42'])(
    'gives back the text %j',
    async (text) => {
      const table = await rig().createTable();
      await rig().one(`INSERT INTO ${table} (id) VALUES ($1)`, text);
      expect(await rig().ids(table)).toEqual([text]);
      expect((await rig().one(`SELECT amount FROM ${table} WHERE id = $1`, text)).changes).toBe(1);
    },
  );

  it('gives back bytes, and of a view only the part it shows', async () => {
    const table = await rig().createTable();
    const every = Uint8Array.from({ length: 256 }, (_, index) => index);
    const view = every.subarray(10, 13);
    await rig().records.run([
      { sql: `INSERT INTO ${table} (id, body) VALUES ($1, $2)`, params: ['a', every] },
      { sql: `INSERT INTO ${table} (id, body) VALUES ($1, $2)`, params: ['b', view] },
      {
        sql: `INSERT INTO ${table} (id, body) VALUES ($1, $2)`,
        params: ['c', new Uint8Array(0)],
      },
    ]);
    const { rows } = await rig().one(`SELECT body FROM ${table} ORDER BY id`);
    const bodies = rows.map((row) => asBytes(row['body']));
    expect(bodies).toEqual([asBytes(every), asBytes(view), []]);
  });

  it('counts, adds and averages to numbers', async () => {
    const table = await rig().createTable();
    await rig().one(`INSERT INTO ${table} (id, amount) VALUES ($1, $2), ($3, $4)`, 'a', 1, 'b', 4);
    const { rows } = await rig().one(
      `SELECT COUNT(*) AS count, SUM(amount) AS sum, MAX(amount) AS max FROM ${table}`,
    );
    expect(rows).toEqual([{ count: 2, sum: 5, max: 4 }]);
  });

  it('computes with integer parameters as integers', async () => {
    const table = await rig().createTable();
    await rig().one(`INSERT INTO ${table} (id, amount) VALUES ($1, $2)`, 'a', 7);
    const { rows } = await rig().one(`SELECT amount / $1 AS half FROM ${table}`, 2);
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
    const table = await rig().createTable();
    const call = rig().records.run([
      { sql: `INSERT INTO ${table} (id) VALUES ($1)`, params: ['first'] },
      {
        sql: `INSERT INTO ${table} (id) VALUES ($1)`, // What the types forbid may still come from untyped input.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        params: [value as Value],
      },
    ]);
    await expect(call).rejects.toMatchObject(rejectsWith('invalid_argument'));
    expect(await rig().ids(table)).toEqual([]);
  });

  it('refuses to read an integer past 2^53 instead of rounding it', async () => {
    const table = await rig().createTable();
    await rig().one(`INSERT INTO ${table} (id, amount) VALUES ($1, 9007199254740993)`, 'a');
    await expect(rig().one(`SELECT amount FROM ${table}`)).rejects.toMatchObject(
      rejectsWith('invalid_argument'),
    );
    expect((await rig().one(`SELECT id FROM ${table}`)).rows).toEqual([{ id: 'a' }]);
  });
}

function asBytes(value: unknown): readonly number[] {
  if (!(value instanceof Uint8Array)) throw new TypeError('expected bytes');
  return Array.from(value);
}
