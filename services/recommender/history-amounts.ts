import { type FoldInBlock, solveFactorised, userEquation } from './fold-in.ts';

/** A base block as an explanation needs it: fold-in without the catalogue's vectors. */
export type ExplainedBlock = Omit<FoldInBlock, 'vectors'>;

/** One user's past and the items that it shall explain; W columns of all base blocks, n past items, m items. */
export interface PastToExplain {
  readonly blocks: readonly ExplainedBlock[];
  /** V of the past items, block after block, each n × width. */
  readonly vectors: Float32Array;
  /** Weights of the past items, aged as each block ages them: blocks × n. */
  readonly weights: Float32Array;
  /** Which past items are one: a number below `groupCount` for each of the n. */
  readonly groups: Int32Array;
  readonly groupCount: number;
  /** scale · (q − q̄) of the items, block after block, each m × width. */
  readonly targets: Float32Array;
  /** What the sequence term gives for the newest past items, the newest first: m × (any number). */
  readonly sequence: Float32Array;
}

/**
 * What each distinct past item contributed to the scores of m items, m × groupCount, exactly: with
 * A the matrix of the user's equation, u·q = Σ_j w_j v_j·y for y = A⁻¹ q, so one solution per item
 * gives the shares of all past items (Hu, Koren & Volinsky 2008, §5).
 */
export function historyAmounts(past: PastToExplain): Float64Array {
  const length = past.groups.length;
  const width = past.blocks.reduce((sum, block) => sum + block.width, 0);
  const items = past.targets.length / width;
  const amounts = new Float64Array(items * past.groupCount);
  let columns = 0;
  for (const [index, block] of past.blocks.entries()) {
    const vectors = past.vectors.subarray(columns * length, (columns + block.width) * length);
    const targets = past.targets.subarray(columns * items, (columns + block.width) * items);
    const weights = past.weights.subarray(index * length, (index + 1) * length);
    addBlock(past, { ...block, vectors }, weights, targets, amounts);
    columns += block.width;
  }
  addSequence(past, items, amounts);
  return amounts;
}

function addBlock(
  { groups, groupCount }: PastToExplain,
  block: FoldInBlock,
  weights: Float32Array,
  targets: Float32Array,
  amounts: Float64Array,
): void {
  const { width, vectors } = block;
  const rows = Int32Array.from(groups.keys());
  const { factor } = userEquation(block, rows, weights);
  for (let item = 0; item * width < targets.length; item += 1) {
    const target = Float64Array.from(targets.subarray(item * width, (item + 1) * width));
    const y = solveFactorised(factor, target, width);
    for (let entry = 0; entry < groups.length; entry += 1) {
      let sum = 0;
      for (let column = 0; column < width; column += 1) {
        sum += (vectors[entry * width + column] ?? 0) * (y[column] ?? 0);
      }
      const at = item * groupCount + (groups[entry] ?? 0);
      amounts[at] = (amounts[at] ?? 0) + (weights[entry] ?? 0) * sum;
    }
  }
}

function addSequence(
  { groups, groupCount, sequence }: PastToExplain,
  items: number,
  amounts: Float64Array,
): void {
  const newest = sequence.length / items;
  for (let at = 0; at < sequence.length; at += 1) {
    const group = groups[groups.length - 1 - (at % newest)] ?? 0;
    const place = Math.floor(at / newest) * groupCount + group;
    amounts[place] = (amounts[place] ?? 0) + (sequence[at] ?? 0);
  }
}

/** The `count` groups that contributed most to one item, by size, the largest first. */
export function largest(amounts: Float64Array, count: number): readonly number[] {
  const best: number[] = [];
  const sizeOf = (group: number | undefined): number =>
    group === undefined ? -1 : Math.abs(amounts[group] ?? 0);
  for (let group = 0; group < amounts.length; group += 1) {
    if (best.length === count && sizeOf(group) <= sizeOf(best.at(-1))) continue;
    let place = best.length;
    while (place > 0 && sizeOf(best[place - 1]) < sizeOf(group)) place -= 1;
    best.splice(place, 0, group);
    if (best.length > count) best.pop();
  }
  return best;
}
