import { ChorusError } from '../../domain/errors.ts';
import type { Statement } from './records.ts';

/**
 * Refuses, before anything is sent, values that the engines would take differently or change:
 * SQLite makes NULL of NaN and cannot bind `undefined`, PostgreSQL stores no zero byte in a text,
 * neither keeps half a surrogate pair or an integer past 2^53 from a JavaScript number.
 * @throws ChorusError `invalid_argument` that names the statement and the parameter.
 */
export function checkStatements(statements: readonly Statement[]): void {
  for (const [index, { params }] of statements.entries()) {
    for (const [position, value] of (params ?? []).entries()) {
      const objection = objectionTo(value);
      if (objection !== undefined) {
        throw new ChorusError(
          'invalid_argument',
          `statement ${index}: parameter $${position + 1} is ${objection}`,
        );
      }
    }
  }
}

// `unknown` because values may come from untyped input, whatever the port's types say.
function objectionTo(value: unknown): string | undefined {
  if (typeof value === 'string') {
    if (value.includes('\u0000')) return 'a text with a zero byte';
    return value.isWellFormed() ? undefined : 'a text with half a surrogate pair';
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return `${value}, which no database keeps`;
    return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 2 ** 63
      ? 'an integer past 2^53, which would be rounded'
      : undefined;
  }
  if (value === null || value instanceof Uint8Array) return undefined;
  return `${typeof value}, expected text, a number, bytes or null`;
}
