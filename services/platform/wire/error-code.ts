import { type ErrorCode, errorTable } from '../../domain/errors.ts';

/** The code that a peer named; `internal` for one of a newer version, for which this one has no status. */
export function errorCodeOf(name: string): ErrorCode {
  return isErrorCode(name) ? name : 'internal';
}

function isErrorCode(name: string): name is ErrorCode {
  return Object.hasOwn(errorTable, name);
}
