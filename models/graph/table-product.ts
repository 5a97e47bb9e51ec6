import type { EmbeddingTable } from './embedding-bag.ts';
import { GraphBuilder } from './graph-builder.ts';

/**
 * The product of vectors with every row of a table: `z` float32 [batch, width] gives `products`
 * float32 [batch, rows]. The table is the graph's own, laid out once for all runs.
 */
export function tableProduct({ table, rows, width }: EmbeddingTable): Uint8Array<ArrayBuffer> {
  const graph = new GraphBuilder('table-product');
  const z = graph.input('z', 'float32', ['batch', width]);
  const vectors = graph.constant('table', 'float32', [rows, width], table);
  graph.node('Gemm', [z, vectors], { transB: { int: 1 } }, 'products');
  graph.output('products', 'float32', ['batch', rows]);
  return graph.build();
}
