import type { QueryConfig } from 'pg';
import type { Statement, Value } from './records.ts';

/** Each client of the database keeps every named statement, so the names are rationed. */
const maxNames = 500;

/** A statement as the driver wants it. */
export interface PostgresQuery extends QueryConfig<Value[]> {
  /** Never the simple protocol, which would run a second statement hidden behind a semicolon. */
  readonly queryMode: 'extended';
}

/**
 * Names for the texts of statements: a client that has prepared a text under its name neither
 * parses nor plans it again. Texts past the first 500 go without.
 */
export class StatementNames {
  #names = new Map<string, string>();
  #count = 0;

  /** The statement under its name, when it has one. */
  query({ sql, params = [] }: Statement): PostgresQuery {
    const query: PostgresQuery = { text: sql, values: [...params], queryMode: 'extended' };
    const name = this.#names.get(sql) ?? this.#add(sql);
    return name === undefined ? query : { ...query, name };
  }

  /** Gives every text a new name, so that clients prepare it anew: the schema has changed. */
  renew(): void {
    this.#names = new Map();
  }

  #add(sql: string): string | undefined {
    if (this.#names.size >= maxNames || !/^\s*(select|insert|update|delete|with)\b/i.test(sql)) {
      return undefined;
    }
    this.#count += 1;
    const name = `chorus_${this.#count}`;
    this.#names.set(sql, name);
    return name;
  }
}
