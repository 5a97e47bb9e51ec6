/** Numbers in memory that all threads of training see: a count for zeros, or values to copy. */
export function sharedFloat64(from: number | ArrayLike<number>): Float64Array {
  const shared = new Float64Array(new SharedArrayBuffer(lengthOf(from) * 8));
  if (typeof from !== 'number') shared.set(from);
  return shared;
}

/** As `sharedFloat64`, in half the memory: for tables of items × items. */
export function sharedFloat32(from: number | ArrayLike<number>): Float32Array {
  const shared = new Float32Array(new SharedArrayBuffer(lengthOf(from) * 4));
  if (typeof from !== 'number') shared.set(from);
  return shared;
}

/** As `sharedFloat64`, for rows and offsets. */
export function sharedInt32(from: number | ArrayLike<number>): Int32Array {
  const shared = new Int32Array(new SharedArrayBuffer(lengthOf(from) * 4));
  if (typeof from !== 'number') shared.set(from);
  return shared;
}

function lengthOf(from: number | ArrayLike<number>): number {
  return typeof from === 'number' ? from : from.length;
}
