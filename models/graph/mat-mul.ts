import { GraphBuilder } from './graph-builder.ts';

/** Which factor is stored the other way round: `transposeA` takes A as [k, m], B likewise as [n, k]. */
export interface MatMulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/**
 * A product of two matrices that are both inputs: `a` float32 [m, k] × `b` float32 [k, n] gives
 * `c` float32 [m, n], all lengths free. With a transposed factor a Gram product XᵀX takes X twice
 * and nobody copies: Gemm reads it in either order.
 */
export function matMul(options: MatMulOptions = {}): Uint8Array<ArrayBuffer> {
  const { transposeA = false, transposeB = false } = options;
  const graph = new GraphBuilder('mat-mul');
  const a = graph.input('a', 'float32', transposeA ? ['k', 'm'] : ['m', 'k']);
  const b = graph.input('b', 'float32', transposeB ? ['n', 'k'] : ['k', 'n']);
  const transA = { int: transposeA ? 1 : 0 };
  const transB = { int: transposeB ? 1 : 0 };
  graph.node('Gemm', [a, b], { transA, transB }, 'c');
  graph.output('c', 'float32', ['m', 'n']);
  return graph.build();
}
