import { ChorusError } from '../../domain/errors.ts';

/** One field of a protobuf message: its number, and its value by wire type. */
export interface ProtobufField {
  readonly number: number;
  /**
   * A varint as a number (exact to 2^53; a negative one becomes about 1.8e19, so that limits
   * refuse it), or the bytes of a length-delimited field, or nothing for fixed-width ones.
   */
  readonly value: number | Uint8Array | undefined;
}

/**
 * Reads the fields of one protobuf message in order, without knowing its type and without copying.
 * Groups are refused: nothing in ONNX uses them, and a reader that skips them can be made to recurse.
 * @throws ChorusError `bundle_rejected` where the bytes are not a message.
 */
export function* protobufFields(message: Uint8Array): Generator<ProtobufField> {
  const cursor = { bytes: message, at: 0 };
  while (cursor.at < message.length) {
    const tag = varint(cursor);
    const number = Math.floor(tag / 8);
    if (number === 0 || tag > 0xffffffff) throw malformed('a field number out of range');
    yield { number, value: fieldValue(cursor, tag % 8) };
  }
}

/** Reads varints that stand one after another: a packed repeated field. */
export function* packedVarints(bytes: Uint8Array): Generator<number> {
  const cursor = { bytes, at: 0 };
  while (cursor.at < bytes.length) yield varint(cursor);
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

function fieldValue(cursor: Cursor, wireType: number): ProtobufField['value'] {
  switch (wireType) {
    case 0:
      return varint(cursor);
    case 1:
      take(cursor, 8);
      return undefined;
    case 2:
      return take(cursor, varint(cursor));
    case 5:
      take(cursor, 4);
      return undefined;
    default:
      throw malformed(`wire type ${wireType}`);
  }
}

function varint(cursor: Cursor): number {
  let value = 0;
  let scale = 1;
  for (let count = 0; count < 10; count += 1) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) throw malformed('it ends inside a number');
    cursor.at += 1;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
  throw malformed('a number of more than ten bytes');
}

function take(cursor: Cursor, length: number): Uint8Array {
  const end = cursor.at + length;
  if (end > cursor.bytes.length) throw malformed('it ends inside a field');
  const bytes = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return bytes;
}

function malformed(what: string): ChorusError {
  return new ChorusError('bundle_rejected', `the model is not a protobuf message: ${what}`);
}
