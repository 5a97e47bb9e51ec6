import { wholeTiles } from './dot-tile.ts';
import { invertSymmetric } from './invert-symmetric.ts';

/** The experts' own data, and room for their tables. */
export interface LocalEase {
  /** Histories, as in `Interactions`. */
  readonly offsets: Int32Array;
  readonly itemRows: Int32Array;
  readonly itemCount: number;
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
export function fitLocalEase(input: LocalEase, from: number, to: number): void {
  const { itemCount, tables } = input;
  const order = wholeTiles(itemCount);
  const gram = new Float64Array(order * order);
  for (let expert = from; expert < to; expert += 1) {
    fillGram(input, expert, gram, order);
    invertSymmetric(gram, order);
    const start = expert * itemCount * itemCount;
    for (let i = 0; i < itemCount; i += 1) {
      for (let j = 0; j < itemCount; j += 1) {
        const value = -(gram[i * order + j] ?? 0) / (gram[j * order + j] ?? 0);
        tables[start + i * itemCount + j] = i === j ? 0 : value;
      }
    }
  }
}

/** XᵀD_eX + λI, the lower triangle; λ on the padding keeps it invertible. */
function fillGram(input: LocalEase, expert: number, gram: Float64Array, order: number): void {
  const { offsets, itemRows, userWeights, experts, lambda } = input;
  gram.fill(0);
  for (let i = 0; i < order; i += 1) gram[i * order + i] = lambda;
  for (let user = 0; user + 1 < offsets.length; user += 1) {
    const weight = userWeights[user * experts + expert] ?? 0;
    const end = offsets[user + 1] ?? 0;
    for (let left = offsets[user] ?? 0; left < end; left += 1) {
      const line = (itemRows[left] ?? 0) * order;
      const row = itemRows[left] ?? 0;
      for (let right = offsets[user] ?? 0; right < end; right += 1) {
        const column = itemRows[right] ?? 0;
        if (column <= row) gram[line + column] = (gram[line + column] ?? 0) + weight;
      }
    }
  }
}
