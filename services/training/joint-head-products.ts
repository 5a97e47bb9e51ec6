import { matMul } from '../../models/graph/mat-mul.ts';
import { floatTensor } from '../domain/tensor.ts';
import { ThreadGraph } from './threads/thread-graph.ts';

/**
 * A block of vectors that every expert's table multiplies. The block and its products lie
 * transposed, width × items.
 */
export interface ScoresGram {
  readonly itemCount: number;
  /** One table B of items × items per expert. */
  readonly tables: Float32Array;
  /** XᵀX, items × items. */
  readonly pairs: Float32Array;
  readonly width: number;
  readonly block: Float32Array;
  /** The result: width × items per expert. */
  readonly products: Float32Array;
}

const product = new ThreadGraph(matMul);
const productOfTransposed = new ThreadGraph(() => matMul({ transposeB: true }));

/** (XB_e)ᵀ(XB_e) times the block, for experts `from` … `to` − 1, without ever forming XB_e. */
export async function multiplyScoresGram(
  input: ScoresGram,
  from: number,
  to: number,
): Promise<void> {
  const between = new Float32Array(input.block.length);
  const counted = new Float32Array(input.block.length);
  for (let expert = from; expert < to; expert += 1) {
    const table = tableOf(input, expert);
    /* oxlint-disable no-await-in-loop -- each product needs the one before */
    await multiply(productOfTransposed, input, input.block, table, between);
    await multiply(product, input, between, input.pairs, counted);
    await multiply(product, input, counted, table, resultOf(input, expert));
    /* oxlint-enable no-await-in-loop */
  }
}

/** T_e = B_e times the block, for experts `from` … `to` − 1. */
export async function projectExperts(input: ScoresGram, from: number, to: number): Promise<void> {
  for (let expert = from; expert < to; expert += 1) {
    const table = tableOf(input, expert);
    // oxlint-disable-next-line no-await-in-loop -- one expert after the other
    await multiply(productOfTransposed, input, input.block, table, resultOf(input, expert));
  }
}

function tableOf({ tables, itemCount }: ScoresGram, expert: number): Float32Array {
  return tables.subarray(expert * itemCount ** 2, (expert + 1) * itemCount ** 2);
}

function resultOf({ products, block }: ScoresGram, expert: number): Float32Array {
  return products.subarray(expert * block.length, (expert + 1) * block.length);
}

// oxlint-disable-next-line max-params
async function multiply(
  graph: ThreadGraph,
  { width, itemCount }: ScoresGram,
  left: Float32Array,
  right: Float32Array,
  out: Float32Array,
): Promise<void> {
  const shape = [width, itemCount];
  await graph.run(
    [floatTensor('a', shape, left), floatTensor('b', [itemCount, itemCount], right)],
    [floatTensor('c', shape, out)],
  );
}
