import { ChorusError } from '../domain/errors.ts';

/**
 * Solves A x = b for one symmetric positive definite A, in place.
 * @param a the lower triangle of A, order × order, row-major; overwritten by its factor L.
 * @param x b on entry, x on return.
 * @throws ChorusError `internal` when A is not positive definite.
 */
export function choleskySolve(a: Float64Array, order: number, x: Float64Array): void {
  for (let i = 0; i < order; i += 1) {
    const line = i * order;
    let right = x[i] ?? 0;
    let square = a[line + i] ?? 0;
    for (let j = 0; j < i; j += 1) {
      let sum = a[line + j] ?? 0;
      const other = j * order;
      for (let k = 0; k < j; k += 1) sum -= (a[line + k] ?? 0) * (a[other + k] ?? 0);
      sum /= a[other + j] ?? 0;
      a[line + j] = sum;
      square -= sum * sum;
      right -= sum * (x[j] ?? 0);
    }
    const root = rootOf(square, i);
    a[line + i] = root;
    x[i] = right / root;
  }
  for (let i = order - 1; i >= 0; i -= 1) {
    const value = (x[i] ?? 0) / (a[i * order + i] ?? 0);
    x[i] = value;
    for (let j = 0; j < i; j += 1) x[j] = (x[j] ?? 0) - value * (a[i * order + j] ?? 0);
  }
}

/** The square root of a pivot. */
export function rootOf(pivot: number, row: number): number {
  if (pivot > 0) return Math.sqrt(pivot);
  throw new ChorusError(
    'internal',
    `matrix is not positive definite: pivot ${pivot} in row ${row}`,
  );
}
