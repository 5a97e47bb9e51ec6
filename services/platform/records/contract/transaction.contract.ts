import { expect, it } from 'vitest';
import type { Statement } from '../records.ts';
import { rejectsWith, type RecordsRig } from './rig.ts';

/** One call is one transaction: all of its statements or none. */
export function transactionRules(rig: () => RecordsRig): void {
  it('gives one result per statement, with the rows changed or returned', async () => {
    const table = await rig().createTable();
    const results = await rig().records.run([
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
    expect(await rig().records.run([])).toEqual([]);
  });

  it('undoes everything when a constraint is broken, and works on', async () => {
    const table = await rig().createTable();
    const insert = (id: string): Statement => ({
      sql: `INSERT INTO ${table} (id) VALUES ($1)`,
      params: [id],
    });
    await expect(rig().records.run([insert('a'), insert('b'), insert('a')])).rejects.toMatchObject(
      rejectsWith('invalid_argument'),
    );
    expect(await rig().ids(table)).toEqual([]);
    await rig().records.run([insert('c')]);
    expect(await rig().ids(table)).toEqual(['c']);
  });

  it('undoes everything when the SQL is wrong', async () => {
    const table = await rig().createTable();
    const call = rig().records.run([
      { sql: `INSERT INTO ${table} (id) VALUES ($1)`, params: ['a'] },
      { sql: 'SELEKT 1' },
    ]);
    await expect(call).rejects.toMatchObject(rejectsWith('invalid_argument'));
    expect(await rig().ids(table)).toEqual([]);
  });

  it.each([{ params: ['a'] }, { params: ['a', 1, 2] }])(
    'refuses $params for a statement of two parameters',
    async ({ params }) => {
      const table = await rig().createTable();
      const sql = `INSERT INTO ${table} (id, amount) VALUES ($1, $2)`;
      await expect(rig().one(sql, ...params)).rejects.toMatchObject(
        rejectsWith('invalid_argument'),
      );
      expect(await rig().ids(table)).toEqual([]);
    },
  );

  it('undoes everything when expectRows is not met, and names the statement', async () => {
    const table = await rig().createTable();
    const call = rig().records.run([
      { sql: `INSERT INTO ${table} (id) VALUES ($1)`, params: ['a'], expectRows: 1 },
      { sql: `UPDATE ${table} SET amount = 1 WHERE id = $1`, params: ['b'], expectRows: 1 },
      { sql: `INSERT INTO ${table} (id) VALUES ($1)`, params: ['c'] },
    ]);
    await expect(call).rejects.toMatchObject({
      ...rejectsWith('conflict'),
      message: expect.stringContaining('statement 1'),
    });
    expect(await rig().ids(table)).toEqual([]);
  });

  it('holds expectRows against the rows of a query too', async () => {
    const table = await rig().createTable();
    const query = { sql: `SELECT id FROM ${table}`, expectRows: 1 };
    await expect(rig().records.run([query])).rejects.toMatchObject(rejectsWith('conflict'));
    await rig().one(`INSERT INTO ${table} (id) VALUES ($1)`, 'a');
    await expect(rig().records.run([query])).resolves.toHaveLength(1);
  });

  it('returns rows of INSERT, UPDATE and DELETE … RETURNING', async () => {
    const table = await rig().createTable();
    const inserted = await rig().one(
      `INSERT INTO ${table} (id, amount) VALUES ($1, $2) RETURNING id, amount`,
      'a',
      1,
    );
    expect(inserted).toMatchObject({ changes: 1, rows: [{ id: 'a', amount: 1 }] });
    const updated = await rig().one(`UPDATE ${table} SET amount = 2 RETURNING amount`);
    expect(updated).toMatchObject({ changes: 1, rows: [{ amount: 2 }] });
    const deleted = await rig().one(`DELETE FROM ${table} WHERE id = $1 RETURNING id`, 'a');
    expect(deleted).toMatchObject({ changes: 1, rows: [{ id: 'a' }] });
    expect(await rig().ids(table)).toEqual([]);
  });

  it('knows ON CONFLICT DO NOTHING and DO UPDATE', async () => {
    const table = await rig().createTable();
    const into = `INSERT INTO ${table} (id, amount) VALUES ($1, $2) ON CONFLICT (id)`;
    expect((await rig().one(`${into} DO NOTHING`, 'a', 1)).changes).toBe(1);
    expect((await rig().one(`${into} DO NOTHING`, 'a', 2)).changes).toBe(0);
    expect(
      (await rig().one(`${into} DO UPDATE SET amount = excluded.amount`, 'a', 3)).changes,
    ).toBe(1);
    expect((await rig().one(`SELECT amount FROM ${table}`)).rows).toEqual([{ amount: 3 }]);
  });

  it('uses one parameter in several places', async () => {
    const table = await rig().createTable();
    // Places of one type: PostgreSQL refuses a parameter that would be an integer here and a
    // fraction there.
    await rig().one(`INSERT INTO ${table} (id, amount) VALUES ('a', $1), ('b', $1 + 1)`, 5);
    const { rows } = await rig().one(
      `SELECT id, amount FROM ${table} WHERE amount >= $1 AND amount <= $1`,
      5,
    );
    expect(rows).toEqual([{ id: 'a', amount: 5 }]);
  });
}
