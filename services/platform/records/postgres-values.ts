import { ChorusError } from '../../domain/errors.ts';
import type { Value } from './records.ts';

/** Object ids of the types that are not read as the text that PostgreSQL sends. */
const oid = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  float4: 700,
  float8: 701,
  numeric: 1700,
} as const;

/** Reads what PostgreSQL sends as the values that the records port knows; for the driver's `types`. */
export const postgresTypes = {
  getTypeParser: (type: number): ((text: string) => Value) => {
    switch (type) {
      case oid.bool:
        // SQLite has no booleans: `SELECT a = b` is 1 or 0 there.
        return (text) => (text === 't' ? 1 : 0);
      case oid.bytea:
        return readBytes;
      case oid.int8:
      case oid.int2:
      case oid.int4:
      // PostgreSQL adds up int8 to numeric.
      case oid.numeric:
        return readExact;
      case oid.float4:
      case oid.float8:
        return Number;
      default:
        return (text) => text;
    }
  },
};

function readBytes(text: string): Uint8Array {
  const bytes = Buffer.from(text.slice(2), 'hex');
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readExact(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new ChorusError('invalid_argument', `${text} read: past 2^53, would be rounded`);
  }
  return value;
}
