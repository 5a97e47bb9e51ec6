/** Element types that travel between processes, with their size in bytes. */
export const elementBytes = { float32: 4, int64: 8, int32: 4, uint8: 1, bool: 1 } as const;

/** The element type of a tensor. */
export type DataType = keyof typeof elementBytes;

/** A named array: `data` holds the elements in row-major order, little-endian, without padding. */
export interface Tensor {
  readonly name: string;
  readonly dtype: DataType;
  /** Axis lengths; the first axis of a task's tensor counts its rows. */
  readonly shape: readonly number[];
  /** `product(shape) × elementBytes[dtype]` bytes. */
  readonly data: Uint8Array;
}

/** Number of elements that a shape holds; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const length of shape) count *= length;
  return count;
}

/** Wraps floats without copying them. */
export function floatTensor(name: string, shape: readonly number[], values: Float32Array): Tensor {
  return { name, dtype: 'float32', shape, data: bytesOf(values) };
}

/** Wraps 32-bit integers without copying them. */
export function intTensor(name: string, shape: readonly number[], values: Int32Array): Tensor {
  return { name, dtype: 'int32', shape, data: bytesOf(values) };
}

/**
 * The floats of a tensor: a view of its bytes where they are aligned, else a copy, because bytes
 * that were cut out of a frame begin anywhere and a Float32Array must begin at a multiple of 4.
 */
export function floatsOf(tensor: Tensor): Float32Array {
  const { buffer, byteOffset, byteLength } = aligned(tensor.data);
  return new Float32Array(buffer, byteOffset, byteLength / 4);
}

/** The 32-bit integers of a tensor; copies only where its bytes are not aligned. */
export function intsOf(tensor: Tensor): Int32Array {
  const { buffer, byteOffset, byteLength } = aligned(tensor.data);
  return new Int32Array(buffer, byteOffset, byteLength / 4);
}

function aligned(data: Uint8Array): Uint8Array {
  // Not `slice()`: of a Buffer that is a view again, no copy.
  return data.byteOffset % 4 === 0 ? data : new Uint8Array(data);
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
