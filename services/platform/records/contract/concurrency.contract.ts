import { expect, it } from 'vitest';
import type { Records } from '../records.ts';
import { type RecordsRig } from './rig.ts';

/** Calls at the same time, of one client and of several. */
export function concurrencyRules(rig: () => RecordsRig): void {
  it('lets exactly one of many conditional updates through, over two clients', async () => {
    const table = await rig().createTable();
    const other = await rig().storage.open();
    await rig().one(`INSERT INTO ${table} (id, amount) VALUES ('job', 0)`);
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
        claim(index % 2 === 0 ? rig().records : other, index + 1),
      ),
    );
    await other.close();
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const reasons = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason] : [],
    );
    expect(reasons).toEqual(reasons.map(() => expect.objectContaining({ code: 'conflict' })));
    expect(await rig().ids(table)).toHaveLength(2);
  });

  it('undoes only the failing one of calls made at once', async () => {
    const table = await rig().createTable();
    await rig().one(`INSERT INTO ${table} (id) VALUES ('taken')`);
    const insert = (...keys: string[]) =>
      rig().records.run(
        keys.map((id) => ({ sql: `INSERT INTO ${table} (id) VALUES ($1)`, params: [id] })),
      );
    const outcomes = await Promise.allSettled([
      insert('a1', 'a2'),
      insert('b1', 'taken'),
      insert('c1'),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await rig().ids(table)).toEqual(['a1', 'a2', 'c1', 'taken']);
  });

  it('loses no increment', async () => {
    const table = await rig().createTable();
    await rig().one(`INSERT INTO ${table} (id, amount) VALUES ('n', 0)`);
    await Promise.all(
      Array.from({ length: 50 }, () =>
        rig().one(`UPDATE ${table} SET amount = amount + 1 WHERE id = 'n'`),
      ),
    );
    expect((await rig().one(`SELECT amount FROM ${table}`)).rows).toEqual([{ amount: 50 }]);
  });
}
