import { rootOf } from './cholesky.ts';
import { dotRows, tile } from './dot-tile.ts';

/**
 * Inverts a symmetric positive definite matrix in place: A = LLᵀ, N = L⁻ᵀ, A⁻¹ = NNᵀ. Every
 * inner loop is a dot product of two rows, taken for 4 × 4 pairs of rows at once so that each
 * loaded number is used four times: 1,684² takes about 3 s.
 * @param a order × order, row-major; only its lower triangle is read.
 * @param order a multiple of 4; pad with the identity, which changes nothing else.
 * @throws ChorusError `internal` when it is not positive definite.
 */
export function invertSymmetric(a: Float64Array, order: number): void {
  factor(a, order);
  const inverse = invertFactor(a, order);
  const dots = new Float64Array(tile * tile);
  for (let i = 0; i < order; i += tile) {
    for (let j = 0; j <= i; j += tile) {
      dotRows(inverse, i * order, inverse, j * order, { stride: order, from: i, to: order, dots });
      for (let r = 0; r < tile; r += 1) {
        for (let c = 0; c < tile; c += 1) {
          const value = dots[r * tile + c] ?? 0;
          a[(i + r) * order + j + c] = value;
          a[(j + c) * order + i + r] = value;
        }
      }
    }
  }
}

/** Overwrites the lower triangle of A with L. */
function factor(a: Float64Array, order: number): void {
  const dots = new Float64Array(tile * tile);
  for (let i = 0; i < order; i += tile) {
    for (let j = 0; j <= i; j += tile) {
      dotRows(a, i * order, a, j * order, { stride: order, from: 0, to: j, dots });
      for (let c = 0; c < tile; c += 1) {
        const column = j + c;
        for (let r = i === j ? c : 0; r < tile; r += 1) {
          const row = i + r;
          let sum = (a[row * order + column] ?? 0) - (dots[r * tile + c] ?? 0);
          for (let k = j; k < column; k += 1) {
            sum -= (a[row * order + k] ?? 0) * (a[column * order + k] ?? 0);
          }
          a[row * order + column] =
            row === column ? rootOf(sum, row) : sum / (a[column * order + column] ?? 0);
        }
      }
    }
  }
}

/** N = L⁻ᵀ, upper triangular, so that its rows are L⁻¹'s columns and lie in one piece. */
function invertFactor(l: Float64Array, order: number): Float64Array {
  const n = new Float64Array(order * order);
  const dots = new Float64Array(tile * tile);
  for (let j = 0; j < order; j += tile) {
    for (let i = j; i < order; i += tile) {
      dotRows(l, i * order, n, j * order, { stride: order, from: j, to: i, dots });
      for (let c = 0; c < tile; c += 1) {
        const column = j + c;
        for (let r = i === j ? c : 0; r < tile; r += 1) {
          const row = i + r;
          let sum = (row === column ? 1 : 0) - (dots[r * tile + c] ?? 0);
          for (let k = i; k < row; k += 1) {
            sum -= (l[row * order + k] ?? 0) * (n[column * order + k] ?? 0);
          }
          n[column * order + row] = sum / (l[row * order + row] ?? 0);
        }
      }
    }
  }
  return n;
}
