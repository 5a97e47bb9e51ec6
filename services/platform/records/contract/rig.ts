import { RealRandom } from '../../random/real-random.ts';
import type { Records, Result, Value } from '../records.ts';

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

/** Random, because a shared database may run the suite several times at once. */
export function uniqueName(prefix: string): string {
  return `${prefix}_${Buffer.from(random.bytes(8)).toString('hex')}`;
}

/** What a call that was refused rejects with. */
export function rejectsWith(code: string): { readonly code: string; readonly name: string } {
  return { code, name: 'ChorusError' };
}

/** A client of a database, and short ways to use it. */
export class RecordsRig {
  readonly storage: RecordsStorage;
  readonly records: Records;

  constructor(storage: RecordsStorage, records: Records) {
    this.storage = storage;
    this.records = records;
  }

  /** Runs one statement. */
  async one(sql: string, ...params: Value[]): Promise<Result> {
    const [result] = await this.records.run([{ sql, params }]);
    if (result === undefined) throw new Error('one statement gave no result');
    return result;
  }

  /** A table with a column of each type. */
  async createTable(): Promise<string> {
    const table = uniqueName('t');
    await this.one(
      `CREATE TABLE ${table} (id TEXT PRIMARY KEY, amount BIGINT, share DOUBLE PRECISION, body BYTEA)`,
    );
    return table;
  }

  /** The ids in a table, in order. */
  async ids(table: string): Promise<readonly (Value | undefined)[]> {
    const { rows } = await this.one(`SELECT id FROM ${table} ORDER BY id`);
    return rows.map((row) => row['id']);
  }

  async close(): Promise<void> {
    await this.records.close();
    await this.storage.destroy();
  }
}
