import type { ErrorCode } from '../../domain/errors.ts';
import type { Result, Value } from '../records/records.ts';
import type { PackedRows } from './packed-rows.ts';

/** One statement for the storage thread. */
export interface SqliteStatement {
  /** `$1`, `$2`, … bind by their number; `?` bind in turn. Not both in one text. */
  readonly sql: string;
  readonly params?: readonly Value[];
  /**
   * In place of `params`: runs the statement once per row; `changes` is the sum. For bulk inserts. All
   * rows are as long as the first.
   */
  readonly rows?: readonly (readonly Value[])[];
  /** Exactly this many rows must be changed or returned, else the call is undone as `conflict`. */
  readonly expectRows?: number;
}

/** A statement, as it travels to the thread. */
export interface SentStatement extends Omit<SqliteStatement, 'rows'> {
  readonly rows?: PackedRows;
}

/** One atomic call, as it travels to the thread. */
export interface SqliteCall {
  readonly id: number;
  /** Which database of the data directory, without its ending. */
  readonly file: string;
  readonly statements: readonly SentStatement[];
}

/** What became of a call, as it travels back. Errors lose their class on the way, so their parts travel. */
export type SqliteOutcome =
  | { readonly id: number; readonly results: readonly Result[] }
  | { readonly id: number; readonly code: ErrorCode; readonly message: string };

/** To the thread. */
export type SqliteRequest = { readonly calls: readonly SqliteCall[] } | { readonly close: true };

/** From the thread: first whether it opened, then outcomes in groups. */
export type SqliteReply =
  | { readonly opened: true }
  | { readonly refused: { readonly code: ErrorCode; readonly message: string } }
  | { readonly outcomes: readonly SqliteOutcome[] };
