import type { DatabaseSync, StatementSync, SQLInputValue } from 'node:sqlite';
import { ChorusError } from '../../domain/errors.ts';
import type { Result, Row, Value } from '../records/records.ts';

const quotedOrComment = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g;
const changesRows = /^\s*(?:insert|update|delete|replace|with)\b/i;

/** One SQL text, compiled once, that knows how its parameters bind and whether it returns rows. */
export class PreparedStatement {
  readonly #statement: StatementSync;
  readonly #returnsRows: boolean;
  readonly #changesRows: boolean;
  /** `$1`, `$2`, … up to the highest used; empty for a text with `?`. */
  readonly #names: readonly string[];
  readonly #parameterCount: number;

  constructor(database: DatabaseSync, sql: string) {
    this.#statement = database.prepare(sql);
    // SQLite compiles the first statement of a text and is silent about the rest.
    if (
      /[^\s;]/.test(sql.slice(this.#statement.sourceSQL.length).replaceAll(quotedOrComment, ''))
    ) {
      throw new ChorusError('invalid_argument', 'expected one statement per text');
    }
    this.#returnsRows = this.#statement.columns().length > 0;
    this.#changesRows = changesRows.test(sql);
    const bare = sql.replaceAll(quotedOrComment, '');
    const numbers = Array.from(bare.matchAll(/\$(\d+)/g), ([, digits]) => Number(digits));
    this.#names = Array.from({ length: Math.max(0, ...numbers) }, (_, index) => `$${index + 1}`);
    this.#parameterCount = this.#names.length || bare.split('?').length - 1;
  }

  /** Runs it once; `changes` is the number of rows returned, if it returns any, else of rows changed. */
  run(params: readonly Value[]): Result {
    // A parameter that is missing would silently become NULL.
    if (params.length !== this.#parameterCount) {
      throw new ChorusError(
        'invalid_argument',
        `expected ${this.#parameterCount} parameters, got ${params.length}`,
      );
    }
    if (this.#names.length > 0) return this.#runNamed(this.#byName(params));
    const values = params.map((value) => bindable(value));
    if (this.#returnsRows) return rowsResult(this.#statement.all(...values));
    return this.#changesResult(this.#statement.run(...values).changes);
  }

  #runNamed(values: Record<string, SQLInputValue>): Result {
    if (this.#returnsRows) return rowsResult(this.#statement.all(values));
    return this.#changesResult(this.#statement.run(values).changes);
  }

  // `$1` is a name to SQLite: given by position it fails.
  #byName(params: readonly Value[]): Record<string, SQLInputValue> {
    const values: Record<string, SQLInputValue> = {};
    for (const [index, name] of this.#names.entries())
      values[name] = bindable(params[index] ?? null);
    return values;
  }

  // For statements that change no rows (CREATE …) SQLite repeats the count of the one before.
  #changesResult(changes: number | bigint): Result {
    return { rows: [], changes: this.#changesRows ? Number(changes) : 0 };
  }
}

// node:sqlite binds every number as REAL, with which 7 / 2 is 3.5 and '1' is not 1.
function bindable(value: Value): SQLInputValue {
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
}

function rowsResult(rows: readonly Record<string, unknown>[]): Result {
  // Without `setReadBigInts` SQLite gives exactly the values of `Value`.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { rows: rows as readonly Row[], changes: rows.length };
}
