import { invertLarge } from './invert-large.ts';
import { countPairs, type Meetings } from './pair-counts.ts';

/** The experts' own data, and room for their tables. */
export interface LocalEase extends Meetings {
  /** users × experts: how much a user's history counts for an expert. */
  readonly userWeights: Float64Array;
  readonly experts: number;
  /** Regularisation λ. */
  readonly lambda: number;
  /** The result: one table B of items × items per expert. */
  readonly tables: Float32Array;
}

/**
 * Fits experts `from` … `to` − 1: expert e is EASE (Steck 2019, §3) on the users weighted by
 * their membership, P = (XᵀD_eX + λI)⁻¹, B_ij = −P_ij / P_jj, B_jj = 0. A history x scores x·B.
 */
export async function fitLocalEase(input: LocalEase, from: number, to: number): Promise<void> {
  const { itemCount, experts, lambda } = input;
  for (let expert = from; expert < to; expert += 1) {
    const size = itemCount * itemCount;
    // Counted, inverted and scaled in its own place: tables are what fills the memory.
    const table = input.tables.subarray(expert * size, (expert + 1) * size);
    const pairs = { ...input, stride: experts, column: expert, counts: table };
    countPairs(pairs, 0, itemCount);
    for (let i = 0; i < size; i += itemCount + 1) table[i] = (table[i] ?? 0) + lambda;
    // One expert after the other: this thread computes them all.
    // oxlint-disable-next-line no-await-in-loop
    await invertLarge(table, itemCount);
    scaleColumns(table, itemCount);
  }
}

function scaleColumns(table: Float32Array, itemCount: number): void {
  const scales = Float64Array.from({ length: itemCount }, (_, j) => {
    return -1 / (table[j * itemCount + j] ?? 0);
  });
  for (let i = 0; i < itemCount; i += 1) {
    for (let j = 0; j < itemCount; j += 1) {
      const at = i * itemCount + j;
      table[at] = i === j ? 0 : (table[at] ?? 0) * (scales[j] ?? 0);
    }
  }
}
