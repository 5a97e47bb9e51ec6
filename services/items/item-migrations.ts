import type { Migration } from '../platform/records/records.ts';

/**
 * Schema of the items. A deleted item stays as a row that says so, because a bundle may still
 * hold it. `changed` is the number of the change that wrote the row: whoever knows all up to one
 * number reads on from there.
 */
export const itemMigrations: readonly Migration[] = [
  {
    id: '0003-items',
    statements: () => [
      `CREATE TABLE item_changes (
        tenant TEXT PRIMARY KEY,
        epoch TEXT NOT NULL,
        number BIGINT NOT NULL
      )`,
      `CREATE TABLE items (
        tenant TEXT NOT NULL,
        item_id TEXT NOT NULL,
        title TEXT NOT NULL,
        genres TEXT NOT NULL,
        year BIGINT,
        attributes TEXT NOT NULL,
        deleted BIGINT NOT NULL,
        changed BIGINT NOT NULL,
        updated_ms BIGINT NOT NULL,
        PRIMARY KEY (tenant, item_id)
      )`,
      'CREATE INDEX items_by_change ON items (tenant, changed, item_id)',
    ],
  },
];
