import { matMul } from '../../models/graph/mat-mul.ts';
import { floatTensor } from '../domain/tensor.ts';
import { ThreadGraph } from './threads/thread-graph.ts';

/** Vectors and room for their Gram matrix. */
export interface GramProduct {
  /** M × width. */
  readonly vectors: Float32Array;
  readonly width: number;
  /** The result G = VᵀV, width × width. */
  readonly gram: Float32Array;
}

const product = new ThreadGraph(() => matMul({ transposeA: true }));

/** Fills the Gram matrix: a kernel of one row, because it is one product. */
export async function fillGram({ vectors, width, gram }: GramProduct): Promise<void> {
  const shape = [vectors.length / width, width];
  await product.run(
    [floatTensor('a', shape, vectors), floatTensor('b', shape, vectors)],
    [floatTensor('c', [width, width], gram)],
  );
}
