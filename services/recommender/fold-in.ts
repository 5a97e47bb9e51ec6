/** What fold-in needs of one base block. */
export interface FoldInBlock {
  readonly width: number;
  readonly alpha: number;
  readonly lambda: number;
  /** Number of items of the catalogue. */
  readonly itemCount: number;
  /** VᵀV, width × width. */
  readonly gram: Float32Array;
  /** V, itemCount × width. */
  readonly vectors: Float32Array;
}

/**
 * The user vector u of a history that the model has not seen: the user's equation of iALS with
 * the items' vectors V fixed (Hu, Koren & Volinsky 2008; weights as in Rendle et al. 2022, §2):
 * (αG + Σ_j w_j v_j v_jᵀ + λ(Σw + αI)·Id) u = Σ_j w_j v_j, by Cholesky in double precision.
 *
 * @param rows rows of the items in the history.
 * @param weights w, one for each row; need not sum to anything.
 */
export function foldIn(block: FoldInBlock, rows: Int32Array, weights: Float32Array): Float32Array {
  const { factor, right } = userEquation(block, rows, weights);
  return Float32Array.from(solveFactorised(factor, right, block.width));
}

/** The user's equation A u = r of a history. */
export interface UserEquation {
  /** The Cholesky factor of A, in the lower triangle. */
  readonly factor: Float64Array;
  readonly right: Float64Array;
}

/** Sets up the user's equation of a history and factorises its matrix. */
export function userEquation(
  block: FoldInBlock,
  rows: Int32Array,
  weights: Float32Array,
): UserEquation {
  const factor = new Float64Array(block.width ** 2);
  const right = new Float64Array(block.width);
  fillEquation(block, rows, weights, factor, right);
  factorise(factor, block.width);
  return { factor, right };
}

function fillEquation(
  block: FoldInBlock,
  rows: Int32Array,
  weights: Float32Array,
  matrix: Float64Array,
  right: Float64Array,
): void {
  const { width, gram, vectors, alpha } = block;
  for (let cell = 0; cell < matrix.length; cell += 1) matrix[cell] = alpha * (gram[cell] ?? 0);
  let mass = 0;
  for (let entry = 0; entry < rows.length; entry += 1) {
    const weight = weights[entry] ?? 0;
    const start = (rows[entry] ?? 0) * width;
    mass += weight;
    for (let row = 0; row < width; row += 1) {
      const scaled = weight * (vectors[start + row] ?? 0);
      right[row] = (right[row] ?? 0) + scaled;
      const base = row * width;
      // Only the lower triangle: that is all that Cholesky reads.
      for (let column = 0; column <= row; column += 1) {
        matrix[base + column] =
          (matrix[base + column] ?? 0) + scaled * (vectors[start + column] ?? 0);
      }
    }
  }
  const ridge = block.lambda * (mass + alpha * block.itemCount);
  for (let row = 0; row < width; row += 1) {
    matrix[row * width + row] = (matrix[row * width + row] ?? 0) + ridge;
  }
}

/** Replaces the lower triangle of a symmetric positive definite matrix by its Cholesky factor L. */
function factorise(matrix: Float64Array, width: number): void {
  for (let row = 0; row < width; row += 1) {
    const rowStart = row * width;
    for (let column = 0; column <= row; column += 1) {
      const columnStart = column * width;
      let sum = matrix[rowStart + column] ?? 0;
      for (let inner = 0; inner < column; inner += 1) {
        sum -= (matrix[rowStart + inner] ?? 0) * (matrix[columnStart + inner] ?? 0);
      }
      matrix[rowStart + column] =
        column === row ? Math.sqrt(sum) : sum / (matrix[columnStart + column] ?? 1);
    }
  }
}

/** x of L Lᵀ x = right. */
export function solveFactorised(
  factor: Float64Array,
  right: Float64Array,
  width: number,
): Float64Array {
  const solution = right.slice();
  for (let row = 0; row < width; row += 1) {
    let sum = solution[row] ?? 0;
    for (let inner = 0; inner < row; inner += 1) {
      sum -= (factor[row * width + inner] ?? 0) * (solution[inner] ?? 0);
    }
    solution[row] = sum / (factor[row * width + row] ?? 1);
  }
  for (let row = width - 1; row >= 0; row -= 1) {
    let sum = solution[row] ?? 0;
    for (let inner = row + 1; inner < width; inner += 1) {
      sum -= (factor[inner * width + row] ?? 0) * (solution[inner] ?? 0);
    }
    solution[row] = sum / (factor[row * width + row] ?? 1);
  }
  return solution;
}
