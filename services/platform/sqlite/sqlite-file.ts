import { DatabaseSync } from 'node:sqlite';
import { ChorusError } from '../../domain/errors.ts';
import type { Result } from '../records/records.ts';
import { PreparedStatement } from './prepared-statement.ts';
import { unpackRows } from './packed-rows.ts';
import type { SentStatement, SqliteCall, SqliteOutcome } from './sqlite-call.ts';
import { sqliteError } from './sqlite-error.ts';

const cachedStatements = 500;
// A reader from outside (a backup, the sqlite3 shell) may hold a lock for a moment.
const lockWaitMs = 1000;

/** One open database: runs groups of calls, each group with one commit, each call all or nothing. */
export class SqliteFile {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, PreparedStatement>();

  constructor(path: string) {
    this.#path = path;
    try {
      this.#database = new DatabaseSync(path, { timeout: lockWaitMs });
      // FULL: in WAL mode NORMAL loses acknowledged commits when the power fails.
      this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    } catch (error) {
      throw sqliteError(error, path);
    }
  }

  /** What became of each call, in their order, once all of it is on disk. Never throws. */
  runGroup(calls: readonly SqliteCall[]): readonly SqliteOutcome[] {
    try {
      return this.#transaction(() => calls.map((call) => this.#runCall(call)));
    } catch (error) {
      // A full disk undoes the whole transaction, the neighbours too: each gets a try of its own.
      if (calls.length > 1) return calls.flatMap((call) => this.runGroup([call]));
      return calls.map(({ id }) => failure(id, sqliteError(error, this.#path)));
    }
  }

  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }

  #transaction<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #runCall({ id, statements }: SqliteCall): SqliteOutcome {
    this.#prepare('SAVEPOINT one_call').run([]);
    try {
      const results = statements.map((statement, index) => this.#runStatement(statement, index));
      this.#prepare('RELEASE one_call').run([]);
      return { id, results };
    } catch (error) {
      // Some errors end the transaction by themselves; then there is nothing left to go back to.
      if (!this.#database.isTransaction) throw error;
      this.#prepare('ROLLBACK TO one_call').run([]);
      this.#prepare('RELEASE one_call').run([]);
      return failure(id, sqliteError(error, this.#path));
    }
  }

  #runStatement(statement: SentStatement, index: number): Result {
    const { expectRows } = statement;
    const result = this.#results(statement, index);
    if (expectRows !== undefined && result.changes !== expectRows) {
      throw new ChorusError(
        'conflict',
        `statement ${index} expected ${expectRows} rows, got ${result.changes}`,
      );
    }
    return result;
  }

  #results({ sql, params, rows }: SentStatement, index: number): Result {
    try {
      const prepared = this.#prepare(sql);
      if (rows === undefined) return prepared.run(params ?? []);
      let changes = 0;
      for (const row of unpackRows(rows)) changes += prepared.run(row).changes;
      return { rows: [], changes };
    } catch (error) {
      const { code, message } = sqliteError(error, this.#path);
      throw new ChorusError(code, `statement ${index}: ${message}`, { cause: error });
    }
  }

  #prepare(sql: string): PreparedStatement {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const prepared = new PreparedStatement(this.#database, sql);
    if (this.#prepared.size >= cachedStatements) {
      const [oldest] = this.#prepared.keys();
      if (oldest !== undefined) this.#prepared.delete(oldest);
    }
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}

function failure(id: number, { code, message }: ChorusError): SqliteOutcome {
  return { id, code, message };
}
