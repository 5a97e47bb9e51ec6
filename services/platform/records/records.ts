/**
 * Rows that must not be lost: users, items, jobs, pointers. One call is one transaction; there
 * are no callbacks inside it, so nothing remote is ever awaited while a transaction is open.
 *
 * SQL is written once for SQLite and PostgreSQL wherever the dialects agree: parameters are `$1`,
 * `$2`, …; times are integers from the Clock (no `now()`); conditions on row counts take the
 * place of `FOR UPDATE`; `ON CONFLICT … DO …` and `RETURNING` work on both.
 *
 * Does not promise: order between concurrent calls; that a call that failed with `unavailable`
 * was not committed (re-read by id, never assume either way).
 */
export interface Records {
  /**
   * Runs the statements in order, all or none.
   * @returns one result per statement.
   * @throws ChorusError `conflict` when a statement's `expectRows` was not met (nothing is
   *   written then; `statementIndex` in the message), `invalid_argument` for a broken constraint
   *   or SQL, `unavailable` when the database cannot be reached in time.
   */
  run(statements: readonly Statement[], signal?: AbortSignal): Promise<readonly Result[]>;

  /** Brings the schema to the newest migration; safe when several processes start at once. */
  migrate(migrations: readonly Migration[]): Promise<void>;

  /** Whether the database answers, for readiness. Never throws. */
  isHealthy(): Promise<boolean>;

  /** Waits for calls in flight and closes. Harmless twice. */
  close(): Promise<void>;
}

/** What can be bound and read: SQLite and PostgreSQL agree on these. Integers are safe integers. */
export type Value = string | number | Uint8Array | null;

/** One statement of a transaction. */
export interface Statement {
  readonly sql: string;
  readonly params?: readonly Value[];
  /** Exactly this many rows must be changed or returned, else the whole call is undone as `conflict`. */
  readonly expectRows?: number;
}

/** A row by column name. */
export type Row = Readonly<Record<string, Value>>;

/** What one statement gave. */
export interface Result {
  readonly rows: readonly Row[];
  /** Rows inserted, updated or deleted; for a query the number of rows returned. */
  readonly changes: number;
}

/** Which SQL a migration is written for. */
export type Dialect = 'sqlite' | 'postgres';

/** One step of the schema. Steps run in the order of their ids, once each. */
export interface Migration {
  /** `0001-jobs`: sorts by text. */
  readonly id: string;
  /** The statements, where the dialects differ written for the one asked for. */
  statements(dialect: Dialect): readonly string[];
}
