import { GraphBuilder } from './graph-builder.ts';

/**
 * One step of block elimination on a batch of symmetric systems [A | b], the first `block`
 * unknowns of each being eliminated. With A = [P K; Kᵀ R] and b = [p; r]:
 * `solved` = P⁻¹ [K | p] and `rest` = [R | r] − Kᵀ `solved`.
 *
 * Inputs `systems` float32 [batch, m, m + 1], `inverses` float32 [batch, block, block] (P⁻¹);
 * outputs `solved` float32 [batch, block, q + 1], `rest` float32 [batch, q, q + 1], q = m − block.
 */
export function eliminateBlock(block: number): Uint8Array<ArrayBuffer> {
  const graph = new GraphBuilder('eliminate-block');
  const systems = graph.input('systems', 'float32', ['batch', 'm', 'm_plus_1']);
  const inverses = graph.input('inverses', 'float32', ['batch', block, block]);
  const index = (name: string, values: readonly number[]) =>
    graph.constant(name, 'int64', [values.length], values);
  const end = 2 ** 31 - 1;
  const axes = index('axes', [1, 2]);
  const lastAxis = index('last_axis', [2]);
  const far = index('far', [end, end]);
  const lastColumn = index('last_column', [-1]);
  const beyond = graph.node('Slice', [systems, index('beyond', [block, block]), far, axes]);
  const right = graph.node('Slice', [
    systems,
    index('right', [0, block]),
    index('right_end', [block, end]),
    axes,
  ]);
  const coupling = graph.node('Slice', [right, index('zero', [0]), lastColumn, lastAxis]);
  const transposed = graph.node('Transpose', [coupling], { perm: { ints: [0, 2, 1] } });
  graph.node('MatMul', [inverses, right], {}, 'solved');
  const update = graph.node('MatMul', [transposed, 'solved']);
  graph.node('Sub', [beyond, update], {}, 'rest');
  graph.output('solved', 'float32', ['batch', block, 'q_plus_1']);
  graph.output('rest', 'float32', ['batch', 'q', 'q_plus_1']);
  return graph.build();
}
