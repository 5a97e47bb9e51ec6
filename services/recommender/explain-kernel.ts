import { floatsOf, floatTensor, intsOf, intTensor, type Tensor } from '../domain/tensor.ts';
import type { Kernel } from '../platform/model-runner/kernel.ts';
import { type ExplainedBlock, historyAmounts, largest } from './history-amounts.ts';

/** Past items that are listed for one explained item; the others are summed up. */
const listed = 20;

/**
 * What past items contributed to scores, as the model runner's threads work it out: one solution
 * of the user's equation for each item and base block is too much for the serving thread. One
 * request a run. Inputs as in `PastToExplain`, all [1, ragged]; outputs, row by row for each of
 * the m items: `groups` int32 and `amounts` float32, both [1, m·k] with the k that contributed
 * most, and `totals` float32 [1, m], the sums over all past items.
 *
 * @param constants `sizes` float32 [blocks, 4] (width, items of the catalogue, α, λ), then `gram`
 *   of each block.
 */
export function createKernel(constants: readonly Tensor[]): Kernel {
  const [sizes, ...grams] = constants;
  if (sizes === undefined || grams.length === 0) throw new TypeError('sizes and grams expected');
  const numbers = floatsOf(sizes);
  const blocks = grams.map((gram, index): ExplainedBlock => {
    const [width = 0, itemCount = 0, alpha = 0, lambda = 0] = numbers.subarray(index * 4);
    return { width, itemCount, alpha, lambda, gram: floatsOf(gram) };
  });
  const width = blocks.reduce((sum, block) => sum + block.width, 0);
  return ([vectors, weights, groups, targets, sequence]) => {
    if (!vectors || !weights || !groups || !targets || !sequence) {
      throw new TypeError('five inputs expected');
    }
    const past = {
      blocks,
      vectors: floatsOf(vectors),
      weights: floatsOf(weights),
      groups: intsOf(groups),
      groupCount: 1 + intsOf(groups).reduce((most, group) => Math.max(most, group), -1),
      targets: floatsOf(targets),
      sequence: floatsOf(sequence),
    };
    return summed(historyAmounts(past), past.groupCount, past.targets.length / width);
  };
}

function summed(amounts: Float64Array, groupCount: number, items: number): readonly Tensor[] {
  const kept = Math.min(listed, groupCount);
  const groups = new Int32Array(items * kept);
  const largestAmounts = new Float32Array(items * kept);
  const totals = new Float32Array(items);
  for (let item = 0; item < items; item += 1) {
    const all = amounts.subarray(item * groupCount, (item + 1) * groupCount);
    for (const [place, group] of largest(all, kept).entries()) {
      groups[item * kept + place] = group;
      largestAmounts[item * kept + place] = all[group] ?? 0;
    }
    totals[item] = all.reduce((sum, amount) => sum + amount, 0);
  }
  return [
    intTensor('groups', [1, groups.length], groups),
    floatTensor('amounts', [1, groups.length], largestAmounts),
    floatTensor('totals', [1, items], totals),
  ];
}
