import type { DataType } from '../../services/domain/tensor.ts';

/** Elements of a constant: a typed array of its dtype, or plain numbers. */
export type ConstantData =
  | Float32Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | readonly number[];

/**
 * The little-endian bytes of a constant, without copying a typed array that already is of its
 * dtype (`uint8` and `bool`: one byte an element).
 */
export function rawBytes(dtype: DataType, data: ConstantData): Uint8Array {
  const typed = ArrayBuffer.isView(data) ? data : typedArray(dtype, data);
  if (typed.constructor !== arrayTypes[dtype]) {
    throw new Error(`a ${dtype} constant was given a ${typed.constructor.name}`);
  }
  return new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength);
}

const arrayTypes = {
  float32: Float32Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Record<DataType, unknown>;

function typedArray(dtype: DataType, numbers: readonly number[]) {
  if (dtype === 'int64') return BigInt64Array.from(numbers, BigInt);
  return arrayTypes[dtype].from(numbers);
}
