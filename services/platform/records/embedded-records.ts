import { ChorusError } from '../../domain/errors.ts';
import type { Clock } from '../clock/clock.ts';
import type { SqliteThread } from '../sqlite/sqlite-thread.ts';
import { untilAborted } from '../sqlite/until-aborted.ts';
import { checkStatements } from './check-statements.ts';
import type { Migration, Records, Result, Statement } from './records.ts';

const file = 'records';

/** The records port on `records.sqlite`. The storage thread is shared and stays open. */
export class EmbeddedRecords implements Records {
  readonly #thread: SqliteThread;
  readonly #clock: Clock;
  readonly #inFlight = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(thread: SqliteThread, clock: Clock) {
    this.#thread = thread;
    this.#clock = clock;
  }

  async run(statements: readonly Statement[], signal?: AbortSignal): Promise<readonly Result[]> {
    if (this.#isClosed) throw new ChorusError('unavailable', 'the records are closed');
    if (signal?.aborted === true) throw ChorusError.from(signal.reason);
    checkStatements(statements);
    if (statements.length === 0) return [];
    const call = this.#thread.run(file, statements);
    this.#track(call);
    return untilAborted(call, signal);
  }

  async migrate(migrations: readonly Migration[]): Promise<void> {
    await this.run([
      {
        sql: 'CREATE TABLE IF NOT EXISTS chorus_migrations (id TEXT PRIMARY KEY, applied_ms BIGINT NOT NULL)',
      },
    ]);
    const inOrder = migrations.toSorted((left, right) => (left.id < right.id ? -1 : 1));
    for (const migration of inOrder) {
      // Each step may build on the one before.
      // oxlint-disable-next-line no-await-in-loop
      await this.#apply(migration);
    }
  }

  async isHealthy(): Promise<boolean> {
    try {
      await this.run([{ sql: 'SELECT 1' }]);
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#inFlight);
  }

  #track(call: Promise<unknown>): void {
    const settled = call.then(
      () => undefined,
      () => undefined,
    );
    this.#inFlight.add(settled);
    void settled.then(() => this.#inFlight.delete(settled));
  }

  async #apply(migration: Migration): Promise<void> {
    const [known] = await this.run([
      { sql: 'SELECT id FROM chorus_migrations WHERE id = $1', params: [migration.id] },
    ]);
    if (known?.changes === 1) return;
    try {
      // The mark is set in the step's own transaction and first, so that of two clients one fails here.
      await this.run([
        {
          sql: 'INSERT INTO chorus_migrations (id, applied_ms) VALUES ($1, $2) ON CONFLICT DO NOTHING',
          params: [migration.id, this.#clock.nowMs()],
          expectRows: 1,
        },
        ...migration.statements('sqlite').map((sql) => ({ sql })),
      ]);
    } catch (error) {
      if (!(error instanceof ChorusError && error.code === 'conflict')) throw error;
    }
  }
}
