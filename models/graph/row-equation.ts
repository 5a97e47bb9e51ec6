import { GraphBuilder } from './graph-builder.ts';

/**
 * The normal equations of one row of a factorisation, both sides at once: with v_j the vectors
 * that the row met, `system` = `base` + Σ_j w_j v_j [v_jᵀ | 1], whose last column is the right side.
 *
 * Inputs `fixed` float32 [M, d], `rows` int32 [n] (rows of `fixed`), `weights` float32 [n, 1],
 * `base` float32 [d, d + 1]; output `system` float32 [d, d + 1].
 */
export function rowEquation(): Uint8Array<ArrayBuffer> {
  const graph = new GraphBuilder('row-equation');
  const fixed = graph.input('fixed', 'float32', ['M', 'd']);
  const rows = graph.input('rows', 'int32', ['n']);
  const weights = graph.input('weights', 'float32', ['n', 1]);
  const base = graph.input('base', 'float32', ['d', 'd_plus_1']);
  const met = graph.node('Gather', [fixed, rows], { axis: { int: 0 } });
  const weighted = graph.node('Mul', [met, weights]);
  const both = graph.node('Concat', [weighted, weights], { axis: { int: 1 } });
  graph.node('Gemm', [met, both, base], { transA: { int: 1 } }, 'system');
  graph.output('system', 'float32', ['d', 'd_plus_1']);
  return graph.build();
}
