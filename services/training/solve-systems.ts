import { eliminateBlock } from '../../models/graph/eliminate-block.ts';
import { floatTensor } from '../domain/tensor.ts';
import { choleskySolve } from './cholesky.ts';
import { invertSymmetric } from './invert-symmetric.ts';
import { ThreadGraph } from './threads/thread-graph.ts';

/** Unknowns eliminated at a time: small enough that plain loops invert them in no time. */
const block = 32;

const elimination = new ThreadGraph(() => eliminateBlock(block));

/** Systems [A | b] that lie one after another, A symmetric positive definite. */
export interface Systems {
  /** count × order × (order + 1), row-major. */
  readonly values: Float32Array;
  readonly count: number;
  readonly order: number;
}

/**
 * Solves many small systems at once, by elimination of a block at a time: the few numbers of a
 * pivot block in double precision here, all the rest as matrix products.
 * @returns count × order.
 * @throws ChorusError `internal` when a system is not positive definite.
 */
export async function solveSystems({ values, count, order }: Systems): Promise<Float32Array> {
  const eliminated: Float32Array[] = [];
  let rest = { values, count, order };
  while (rest.order > block) {
    // Each step needs what the last one left.
    // oxlint-disable-next-line no-await-in-loop
    const step = await eliminate(rest);
    eliminated.push(step.solved);
    rest = step.rest;
  }
  const x = new Float32Array(count * order);
  solveLast(rest, x, order);
  for (const [step, solved] of [...eliminated.entries()].toReversed()) {
    substitute(solved, x, { count, order, from: step * block });
  }
  return x;
}

async function eliminate({ values, count, order }: Systems) {
  const left = order - block;
  const solved = new Float32Array(count * block * (left + 1));
  const rest = new Float32Array(count * left * (left + 1));
  await elimination.run(
    [
      floatTensor('systems', [count, order, order + 1], values),
      floatTensor('inverses', [count, block, block], invertPivots({ values, count, order })),
    ],
    [
      floatTensor('solved', [count, block, left + 1], solved),
      floatTensor('rest', [count, left, left + 1], rest),
    ],
  );
  return { solved, rest: { values: rest, count, order: left } };
}

function invertPivots({ values, count, order }: Systems): Float32Array {
  const inverses = new Float32Array(count * block * block);
  const pivot = new Float64Array(block * block);
  for (let system = 0; system < count; system += 1) {
    const start = system * order * (order + 1);
    for (let i = 0; i < block; i += 1) {
      const line = start + i * (order + 1);
      pivot.set(values.subarray(line, line + block), i * block);
    }
    invertSymmetric(pivot, block);
    inverses.set(pivot, system * block * block);
  }
  return inverses;
}

/** The last unknowns of each system, into the end of its row of x. */
function solveLast({ values, count, order }: Systems, x: Float32Array, width: number): void {
  const matrix = new Float64Array(order * order);
  const right = new Float64Array(order);
  for (let system = 0; system < count; system += 1) {
    for (let i = 0; i < order; i += 1) {
      const line = (system * order + i) * (order + 1);
      matrix.set(values.subarray(line, line + order), i * order);
      right[i] = values[line + order] ?? 0;
    }
    choleskySolve(matrix, order, right);
    x.set(right, (system + 1) * width - order);
  }
}

/** x_block = P⁻¹p − P⁻¹K x_after, for the block of unknowns that begins at `from`. */
function substitute(
  solved: Float32Array,
  x: Float32Array,
  { count, order, from }: { readonly count: number; readonly order: number; readonly from: number },
): void {
  const after = from + block;
  const left = order - after;
  for (let system = 0; system < count; system += 1) {
    const row = system * order;
    for (let i = 0; i < block; i += 1) {
      const line = (system * block + i) * (left + 1);
      let value = solved[line + left] ?? 0;
      for (let k = 0; k < left; k += 1)
        value -= (solved[line + k] ?? 0) * (x[row + after + k] ?? 0);
      x[row + from + i] = value;
    }
  }
}
