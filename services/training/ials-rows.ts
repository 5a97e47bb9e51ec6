import { rowEquation } from '../../models/graph/row-equation.ts';
import { floatTensor, intTensor } from '../domain/tensor.ts';
import { solveSystems } from './solve-systems.ts';
import { ThreadGraph } from './threads/thread-graph.ts';

/** One half-step of iALS: the rows of one side, with the other side fixed. */
export interface IalsRows {
  /** Row r's interactions are at `offsets[r]` … `offsets[r + 1] − 1` of `columns` and `weights`. */
  readonly offsets: Int32Array;
  /** Rows of `fixed`. */
  readonly columns: Int32Array;
  readonly weights: Float64Array;
  /** The fixed side's vectors, M × width. */
  readonly fixed: Float32Array;
  /** Its Gram matrix G, width × width. */
  readonly gram: Float32Array;
  readonly width: number;
  /** Weight α of all pairs, met or not. */
  readonly alpha: number;
  /** Regularisation λ, scaled by Σw + αM (ν = 1). */
  readonly lambda: number;
  /** The solved vectors, rows × width. */
  readonly solved: Float32Array;
}

/** Equations that are solved at once: their matrices stay in the processor's cache. */
const batch = 16;

const equation = new ThreadGraph(rowEquation);

/**
 * Solves (αG + Σ w v vᵀ + λ(Σw + αM)·Id) x = Σ w v for each row (Hu, Koren & Volinsky 2008;
 * Rendle et al. 2022, "Revisiting iALS", §2). A row without interactions is 0. The fold-in of a
 * history is the same equation, with the items fixed.
 */
export async function solveIalsRows(input: IalsRows, from: number, to: number): Promise<void> {
  const { width, solved, offsets } = input;
  solved.fill(0, from * width, to * width);
  const rows: number[] = [];
  for (let row = from; row < to; row += 1) if (offsets[row] !== offsets[row + 1]) rows.push(row);
  const base = baseOf(input);
  for (let start = 0; start < rows.length; start += batch) {
    // One batch after the other: this thread computes them all.
    // oxlint-disable-next-line no-await-in-loop
    await solveBatch(input, rows.slice(start, start + batch), base);
  }
}

async function solveBatch(
  input: IalsRows,
  rows: readonly number[],
  base: Float32Array,
): Promise<void> {
  const { width, solved } = input;
  const size = width * (width + 1);
  const values = new Float32Array(rows.length * size);
  for (const [at, row] of rows.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- as above
    await fillSystem(input, row, base, values.subarray(at * size, (at + 1) * size));
  }
  const x = await solveSystems({ values, count: rows.length, order: width });
  rows.forEach((row, at) => {
    solved.set(x.subarray(at * width, (at + 1) * width), row * width);
  });
}

/** [αG | 0], which all rows begin with. */
function baseOf({ gram, width, alpha }: IalsRows): Float32Array {
  const base = new Float32Array(width * (width + 1));
  for (let i = 0; i < width; i += 1) {
    for (let j = 0; j < width; j += 1) {
      base[i * (width + 1) + j] = alpha * (gram[i * width + j] ?? 0);
    }
  }
  return base;
}

/** Writes the row's equation, left and right side, into `system`. */
async function fillSystem(
  { offsets, columns, weights, fixed, width, alpha, lambda }: IalsRows,
  row: number,
  base: Float32Array,
  system: Float32Array,
): Promise<void> {
  const [start, end] = [offsets[row], offsets[row + 1]];
  const met = columns.subarray(start, end);
  const counts = Float32Array.from(weights.subarray(start, end));
  const all = fixed.length / width;
  await equation.run(
    [
      floatTensor('fixed', [all, width], fixed),
      intTensor('rows', [met.length], met),
      floatTensor('weights', [met.length, 1], counts),
      floatTensor('base', [width, width + 1], base),
    ],
    [floatTensor('system', [width, width + 1], system)],
  );
  const shrink = lambda * (counts.reduce((sum, weight) => sum + weight, 0) + alpha * all);
  for (let at = 0; at < system.length; at += width + 2) system[at] = (system[at] ?? 0) + shrink;
}
