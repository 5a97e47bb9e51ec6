import { type Workshop } from './ials.ts';
import { type ScoresGram } from './joint-head-products.ts';
import { type SeededRandom } from './seeded-random.ts';
import { sharedFloat32 } from './threads/shared-arrays.ts';

/** The experts' dense tables and the users that weigh their scores. */
export type DenseExperts = Pick<ScoresGram, 'itemCount' | 'tables' | 'pairs'>;

/** The experts' part of the head, and their tables on it. */
export interface JointHead {
  /** R: orthonormal columns, items × width. */
  readonly head: Float64Array;
  /** T_e = B_e R of all experts, one after another: experts × items × width. */
  readonly tables: Float32Array;
}

/** Size of a joint head and effort spent on it. */
export interface JointHeadSettings {
  readonly width: number;
  readonly experts: number;
  /** Rounds of the iteration. */
  readonly rounds: number;
}

/**
 * Finds the `width` directions that keep most of what all experts' scores say together, the top
 * eigenvectors R of Σ_e (XB_e)ᵀ(XB_e), by orthogonal iteration, and writes each expert on them:
 * the scores of history x are then (x T_e)·Rᵀ.
 */
export async function fitJointHead(
  dense: DenseExperts,
  { width, experts, rounds }: JointHeadSettings,
  random: SeededRandom,
  { threads, onRows }: Workshop,
): Promise<JointHead> {
  const size = dense.itemCount * width;
  const vectors = new Float64Array(size);
  const block = sharedFloat32(size);
  const products = sharedFloat32(size * experts);
  for (let at = 0; at < size; at += 1) vectors[at] = random.normal();
  const input = { ...dense, width, block, products };
  const share = { rows: experts, chunk: 1, ...(onRows && { onRows }) };
  orthonormalise(vectors, dense.itemCount);
  block.set(vectors);
  for (let round = 0; round < rounds; round += 1) {
    // Each round starts from the last one's directions.
    // oxlint-disable-next-line no-await-in-loop
    await threads.run({ name: 'multiplyScoresGram', input }, share);
    sumExperts(products, vectors);
    orthonormalise(vectors, dense.itemCount);
    block.set(vectors);
  }
  await threads.run({ name: 'projectExperts', input }, share);
  const shape = { items: dense.itemCount, width };
  return {
    head: transpose(vectors, shape),
    tables: transposeEach(products, shape),
  };
}

function sumExperts(products: Float32Array, sum: Float64Array): void {
  sum.fill(0);
  for (let start = 0; start < products.length; start += sum.length) {
    addScaled(sum, 1, products.subarray(start, start + sum.length));
  }
}

/**
 * Makes rows of `length` numbers orthonormal, in their order (modified Gram–Schmidt, twice,
 * because once loses the right angles between nearly parallel rows). A row that the others
 * explain wholly becomes 0.
 */
export function orthonormalise(block: Float64Array, length: number): void {
  const rows = Array.from({ length: block.length / length }, (_, k) =>
    block.subarray(k * length, (k + 1) * length),
  );
  rows.forEach((row, k) => {
    const before = Math.sqrt(dot(row, row));
    const previous = rows.slice(0, k);
    for (const other of [...previous, ...previous]) addScaled(row, -dot(row, other), other);
    const norm = Math.sqrt(dot(row, row));
    const scale = norm > 1e-10 * before ? 1 / norm : 0;
    addScaled(row, scale - 1, row);
  });
}

interface Shape {
  readonly items: number;
  readonly width: number;
}

/** Rows as columns: width × items becomes items × width. */
function transpose(rows: Float64Array, shape: Shape): Float64Array {
  const columns = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at += 1) columns[placeOf(at, shape)] = rows[at] ?? 0;
  return columns;
}

/** The same for one matrix after another. */
function transposeEach(matrices: Float32Array, shape: Shape): Float32Array {
  const size = shape.items * shape.width;
  const columns = new Float32Array(matrices.length);
  for (let at = 0; at < matrices.length; at += 1) {
    const start = at - (at % size);
    columns[start + placeOf(at - start, shape)] = matrices[at] ?? 0;
  }
  return columns;
}

function placeOf(at: number, { items, width }: Shape): number {
  return (at % items) * width + Math.floor(at / items);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

function addScaled(target: Float64Array, scale: number, source: Float32Array | Float64Array): void {
  for (let i = 0; i < target.length; i += 1) {
    target[i] = (target[i] ?? 0) + scale * (source[i] ?? 0);
  }
}
