import { Client } from 'pg';
import type { Clock } from '../clock/clock.ts';
import { postgresError } from './postgres-error.ts';
import { postgresTypes } from './postgres-values.ts';
import type { Migration } from './records.ts';

/** Same in every process: who holds it may change the schema ("CHORUS" in ASCII). */
const lockKey = 0x43_48_4f_52_55_53;

/** Longest wait for another process's migrations, and for a table that others use. */
const lockTimeoutMs = 120_000;
const statementTimeoutMs = 600_000;

/**
 * Runs the migrations that this database has not seen, each in a transaction with its mark, while
 * every other process that wants to waits. On a connection of its own, because a step may take
 * longer than any call of the service is allowed to.
 */
export async function migratePostgres(
  connectionString: string,
  migrations: readonly Migration[],
  clock: Clock,
): Promise<void> {
  const client = new Client({
    connectionString,
    types: postgresTypes,
    application_name: 'chorus-migrations',
    connectionTimeoutMillis: 5000,
    keepAlive: true,
    lock_timeout: lockTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 1000,
  });
  // A connection that breaks also rejects the query in flight, which is where it is handled.
  client.on('error', () => undefined);
  try {
    await client.connect();
    // The lock belongs to the session: it ends with the connection, however this process dies.
    await client.query('SELECT pg_advisory_lock($1)', [lockKey]);
    await client.query(
      'CREATE TABLE IF NOT EXISTS chorus_migrations (id TEXT PRIMARY KEY, applied_ms BIGINT NOT NULL)',
    );
    for (const migration of migrations.toSorted((left, right) => (left.id < right.id ? -1 : 1))) {
      // oxlint-disable-next-line no-await-in-loop -- each step may build on the one before
      await apply(client, migration, clock);
    }
  } catch (error) {
    throw postgresError(error, 'migrations');
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function apply(client: Client, migration: Migration, clock: Clock): Promise<void> {
  const known = await client.query('SELECT 1 FROM chorus_migrations WHERE id = $1', [migration.id]);
  if (known.rowCount === 1) return;
  await client.query('BEGIN');
  try {
    for (const sql of migration.statements('postgres')) {
      // oxlint-disable-next-line no-await-in-loop -- in order
      await client.query(sql);
    }
    await client.query('INSERT INTO chorus_migrations (id, applied_ms) VALUES ($1, $2)', [
      migration.id,
      clock.nowMs(),
    ]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw postgresError(error, migration.id);
  }
}
