import { ChorusError } from '../../domain/errors.ts';

// Primary result codes of https://sqlite.org/rescode.html; the extended ones keep them in the low byte.
const storageTrouble = new Map([
  [5, 'is locked by another process'],
  [6, 'is locked'],
  [7, 'ran out of memory'],
  [8, 'is read-only'],
  [10, 'had an input or output error'],
  [13, 'found the disk full'],
  [14, 'cannot be opened'],
  [15, 'is locked by another process'],
]);
const damage = new Set([11, 26]);

/** Names what node:sqlite threw: trouble with the storage is `unavailable`, the rest the caller's doing. */
export function sqliteError(thrown: unknown, file: string): ChorusError {
  if (thrown instanceof ChorusError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const code = resultCode(thrown);
  const trouble = storageTrouble.get(code);
  if (trouble !== undefined) {
    return new ChorusError('unavailable', `the database ${file} ${trouble}: ${message}`, {
      cause: thrown,
    });
  }
  if (damage.has(code)) {
    return new ChorusError('internal', `the database ${file} is damaged: ${message}`, {
      cause: thrown,
    });
  }
  return new ChorusError('invalid_argument', message, { cause: thrown });
}

function resultCode(thrown: unknown): number {
  if (!(thrown instanceof Error) || !('errcode' in thrown)) return 0;
  return typeof thrown.errcode === 'number' ? thrown.errcode & 0xff : 0;
}
