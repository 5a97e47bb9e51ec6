import { DatabaseError } from 'pg';
import { ChorusError, type ErrorCode } from '../../domain/errors.ts';

/** What a class of SQLSTATE (its first two characters) means; what is not here is `internal`. */
const codeByClass: Readonly<Record<string, ErrorCode>> = {
  '08': 'unavailable',
  '0A': 'invalid_argument',
  '21': 'invalid_argument',
  '22': 'invalid_argument',
  '23': 'invalid_argument',
  // A session that was ended while idle in a transaction, or a server that only reads (a fail-over).
  '25': 'unavailable',
  '28': 'unavailable',
  '3D': 'unavailable',
  '40': 'conflict',
  '42': 'invalid_argument',
  '53': 'unavailable',
  '54': 'invalid_argument',
  '55': 'unavailable',
  // Also a statement that exceeded its time.
  '57': 'unavailable',
  '58': 'unavailable',
};

/**
 * Says in our words what the driver or the server reported, led by `what` was being done. The
 * cause is the driver's error, also when that was said in our words before.
 */
export function postgresError(error: unknown, what: string): ChorusError {
  const message = `${what}: ${error instanceof Error ? error.message : String(error)}`;
  return error instanceof ChorusError
    ? new ChorusError(error.code, message, { cause: error.cause })
    : new ChorusError(codeOf(error), message, { cause: error });
}

/** Whether the transaction that failed so may be run again as it is. */
export function isRepeatable(error: unknown): boolean {
  return /^(40001|40P01)$/.test(stateOf(error));
}

/** Whether a prepared statement does not fit the schema any more; it did not run then. */
export function isOutdatedPlan(error: unknown): boolean {
  return stateOf(error) === '0A000' && error instanceof Error && /cached plan/.test(error.message);
}

/** Whether the credentials or the database's name are wrong, which waiting does not mend. */
export function isBadUrl(error: unknown): boolean {
  return /^(28|3D)/.test(stateOf(error));
}

/** Whether the connection on which this happened is of no use any more. */
export function isBroken(error: unknown): boolean {
  const cause = error instanceof ChorusError ? error.cause : error;
  if (cause instanceof DatabaseError) return cause.severity === 'FATAL';
  return error instanceof ChorusError && error.code === 'unavailable';
}

/** The SQLSTATE; empty when the server did not say anything. */
function stateOf(error: unknown): string {
  const cause = error instanceof ChorusError ? error.cause : error;
  return cause instanceof DatabaseError ? (cause.code ?? '') : '';
}

function codeOf(error: unknown): ErrorCode {
  if (error instanceof TypeError || error instanceof RangeError) return 'internal';
  const state = stateOf(error);
  // Without a SQLSTATE it is the connection that failed.
  if (state === '') return 'unavailable';
  // The wrong number of parameters counts as a violation of the protocol.
  if (state === '08P01') return 'invalid_argument';
  return codeByClass[state.slice(0, 2)] ?? 'internal';
}
