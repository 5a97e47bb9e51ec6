import { expect, it } from 'vitest';
import type { Migration } from '../records.ts';
import { uniqueName, type RecordsRig } from './rig.ts';

/** Migrations: in order, once each, whoever races. */
export function migrationRules(rig: () => RecordsRig): void {
  it('run in the order of their ids, once each', async () => {
    const table = uniqueName('t');
    const prefix = uniqueName('m');
    const first = makeTable(`${prefix}-0001`, table);
    const second: Migration = {
      id: `${prefix}-0002`,
      statements: () => [`INSERT INTO ${table} (id) VALUES ('second')`],
    };
    await rig().records.migrate([first]);
    await rig().records.migrate([second, first]);
    await rig().records.migrate([second, first]);
    expect(await rig().ids(table)).toEqual(['second', 'seed']);
  });

  it('may race in several processes', async () => {
    const table = uniqueName('t');
    const migration = makeTable(uniqueName('m'), table);
    const others = await Promise.all([rig().storage.open(), rig().storage.open()]);
    await Promise.all(
      [rig().records, ...others, rig().records].map(async (client) => {
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
    await expect(rig().records.migrate([broken])).rejects.toMatchObject({ name: 'ChorusError' });
    await rig().records.migrate([makeTable(id, table)]);
    expect(await rig().ids(table)).toEqual(['seed']);
  });

  it('say which dialect is asked for', async () => {
    const asked: string[] = [];
    await rig().records.migrate([
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
}

function makeTable(id: string, table: string): Migration {
  return {
    id,
    statements: () => [
      `CREATE TABLE ${table} (id TEXT PRIMARY KEY)`,
      `INSERT INTO ${table} (id) VALUES ('seed')`,
    ],
  };
}
