import { GraphBuilder } from './graph-builder.ts';

/**
 * The large part of sweeping a block of columns in a symmetric matrix (block Gauss–Jordan):
 * `products` = C P⁻¹ and `rest` = A − `products` Cᵀ.
 *
 * Inputs `matrix` float32 [n, n], `columns` float32 [n, s] (C, the block's columns with 0 in its
 * own rows), `inverse` float32 [s, s] (P⁻¹); outputs `products` float32 [n, s], `rest` [n, n].
 */
export function sweepBlock(): Uint8Array<ArrayBuffer> {
  const graph = new GraphBuilder('sweep-block');
  const matrix = graph.input('matrix', 'float32', ['n', 'n']);
  const columns = graph.input('columns', 'float32', ['n', 's']);
  const inverse = graph.input('inverse', 'float32', ['s', 's']);
  const products = graph.node('MatMul', [columns, inverse], {}, 'products');
  const update = { transB: { int: 1 }, alpha: { float: -1 } };
  graph.node('Gemm', [products, columns, matrix], update, 'rest');
  graph.output('products', 'float32', ['n', 's']);
  graph.output('rest', 'float32', ['n', 'n']);
  return graph.build();
}
