import { GraphBuilder } from './graph-builder.ts';

/** A table of item vectors. */
export interface EmbeddingTable {
  /** `rows × width` values, one row per item. */
  readonly table: Float32Array;
  readonly rows: number;
  readonly width: number;
}

/**
 * An expert that adds up the vectors of a user's history: z = Σ_j weights_j · table[items_j].
 *
 * Inputs `items` int32 [batch, ragged] and `weights` float32 [batch, ragged]; output `z` float32
 * [batch, width]. Padding has weight 0 and item 0, so it adds nothing; an empty history (ragged
 * length 0) gives zeros. An item outside the table makes the run fail.
 */
export function embeddingBag({ table, rows, width }: EmbeddingTable): Uint8Array<ArrayBuffer> {
  const graph = new GraphBuilder('embedding-bag');
  const items = graph.input('items', 'int32', ['batch', 'ragged']);
  const weights = graph.input('weights', 'float32', ['batch', 'ragged']);
  const vectors = graph.constant('table', 'float32', [rows, width], table);
  const middle = graph.constant('middle_axis', 'int64', [1], [1]);
  const gathered = graph.node('Gather', [vectors, items], { axis: { int: 0 } });
  const row = graph.node('Unsqueeze', [weights, middle]);
  const sum = graph.node('MatMul', [row, gathered]);
  graph.node('Squeeze', [sum, middle], {}, 'z');
  graph.output('z', 'float32', ['batch', width]);
  return graph.build();
}
