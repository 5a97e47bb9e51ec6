import { type ItemAudience } from './data/interactions.ts';

/** Who met what, from both sides. */
export interface Meetings {
  /** Histories, as in `Interactions`. */
  readonly offsets: Int32Array;
  readonly itemRows: Int32Array;
  readonly itemCount: number;
  readonly audience: Pick<ItemAudience, 'offsets' | 'userRows'>;
}

/** Pairs of items to count, and room for the counts. */
export interface PairCounts extends Meetings {
  /** What user u counts: `userWeights[u · stride + column]`. */
  readonly userWeights: Float64Array;
  readonly stride: number;
  readonly column: number;
  /** The result XᵀDX, items × items. */
  readonly counts: Float32Array;
}

/**
 * Fills rows `from` … `to` − 1 of XᵀDX: how often two items were met by the same user. Row by
 * row, because a row stays in the processor's nearest cache while all of its audience adds to it.
 */
export function countPairs(input: PairCounts, from: number, to: number): void {
  const { offsets, itemRows, itemCount, audience, userWeights, stride, column } = input;
  for (let item = from; item < to; item += 1) {
    const row = input.counts.subarray(item * itemCount, (item + 1) * itemCount);
    row.fill(0);
    const last = audience.offsets[item + 1] ?? 0;
    for (let at = audience.offsets[item] ?? 0; at < last; at += 1) {
      const user = audience.userRows[at] ?? 0;
      const weight = userWeights[user * stride + column] ?? 0;
      const end = offsets[user + 1] ?? 0;
      for (let met = offsets[user] ?? 0; met < end; met += 1) {
        const other = itemRows[met] ?? 0;
        row[other] = (row[other] ?? 0) + weight;
      }
    }
  }
}
