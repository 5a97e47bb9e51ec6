import { choleskySolve } from './cholesky.ts';

/** One half-step of iALS: the rows of one side, with the other side fixed. */
export interface IalsRows {
  /** Row r's interactions are at `offsets[r]` … `offsets[r + 1] − 1` of `columns` and `weights`. */
  readonly offsets: Int32Array;
  /** Rows of `fixed`. */
  readonly columns: Int32Array;
  readonly weights: Float64Array;
  /** The fixed side's vectors, M × width. */
  readonly fixed: Float64Array;
  /** Its Gram matrix G, width × width. */
  readonly gram: Float64Array;
  readonly width: number;
  /** Weight α of all pairs, met or not. */
  readonly alpha: number;
  /** Regularisation λ, scaled by Σw + αM (ν = 1). */
  readonly lambda: number;
  /** The solved vectors, rows × width. */
  readonly solved: Float64Array;
}

/**
 * Solves (αG + Σ w v vᵀ + λ(Σw + αM)·Id) x = Σ w v for each row (Hu, Koren & Volinsky 2008;
 * Rendle et al. 2022, "Revisiting iALS", §2). A row without interactions is 0. The fold-in of a
 * history is the same equation, with the items fixed.
 */
export function solveIalsRows(input: IalsRows, from: number, to: number): void {
  const { width, solved } = input;
  const matrix = new Float64Array(width * width);
  for (let row = from; row < to; row += 1) {
    const x = solved.subarray(row * width, (row + 1) * width);
    x.fill(0);
    if (input.offsets[row] === input.offsets[row + 1]) continue;
    fillEquation(input, row, matrix, x);
    choleskySolve(matrix, width, x);
  }
}

/** Writes the lower triangle of the left side into `matrix` and the right side into `right`. */
function fillEquation(input: IalsRows, row: number, matrix: Float64Array, right: Float64Array) {
  const { offsets, weights, gram, width, alpha, lambda } = input;
  const start = offsets[row] ?? 0;
  const end = offsets[row + 1] ?? 0;
  for (let at = 0; at < matrix.length; at += 1) matrix[at] = alpha * (gram[at] ?? 0);
  let sum = 0;
  for (let at = start; at < end; at += 1) sum += weights[at] ?? 0;
  const shrink = lambda * (sum + (alpha * input.fixed.length) / width);
  for (let at = 0; at < width; at += 1) {
    matrix[at * width + at] = (matrix[at * width + at] ?? 0) + shrink;
  }
  for (let at = start; at < end; at += 4) addFour(input, at, end, { matrix, right });
}

/**
 * Adds w v vᵀ and w v of up to four interactions at once: a quarter of the loads and stores of
 * the triangle, which is where the time goes. Those past the end come in with weight 0.
 */
function addFour(
  { columns, weights, fixed, width }: IalsRows,
  at: number,
  end: number,
  { matrix, right }: { readonly matrix: Float64Array; readonly right: Float64Array },
): void {
  const a = (columns[at] ?? 0) * width;
  const b = at + 1 < end ? (columns[at + 1] ?? 0) * width : a;
  const c = at + 2 < end ? (columns[at + 2] ?? 0) * width : a;
  const d = at + 3 < end ? (columns[at + 3] ?? 0) * width : a;
  const weightA = weights[at] ?? 0;
  const weightB = at + 1 < end ? (weights[at + 1] ?? 0) : 0;
  const weightC = at + 2 < end ? (weights[at + 2] ?? 0) : 0;
  const weightD = at + 3 < end ? (weights[at + 3] ?? 0) : 0;
  for (let i = 0; i < width; i += 1) {
    const xa = weightA * (fixed[a + i] ?? 0);
    const xb = weightB * (fixed[b + i] ?? 0);
    const xc = weightC * (fixed[c + i] ?? 0);
    const xd = weightD * (fixed[d + i] ?? 0);
    const line = i * width;
    right[i] = (right[i] ?? 0) + xa + xb + xc + xd;
    for (let j = 0; j <= i; j += 1) {
      matrix[line + j] =
        (matrix[line + j] ?? 0) +
        xa * (fixed[a + j] ?? 0) +
        xb * (fixed[b + j] ?? 0) +
        xc * (fixed[c + j] ?? 0) +
        xd * (fixed[d + j] ?? 0);
    }
  }
}
