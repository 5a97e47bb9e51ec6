import { itemCounts, type Interactions } from './data/interactions.ts';

/** What follows what: row a (CSR) lists the items that tend to be met soon after item a. */
export interface Transitions {
  readonly offsets: Int32Array;
  /** Columns, ascending within a row. */
  readonly items: Int32Array;
  readonly values: Float32Array;
}

/** How far apart two items of a history still count as one following the other. */
const reach = 10;
/** Rows and columns with less than about this evidence are pulled towards 0. */
const prior = 20;
/** How strongly popular successors are held back. */
const popularityPower = 0.3;

/**
 * T_ab = Σ 1/(t − s) over users who met a at position s and b at t, s < t ≤ s + 10;
 * Tn_ab = T_ab / (Σ_b T_ab + 20) / (n_b + 20)^0.3. Rows are empty in data without times, whose
 * order means nothing.
 * @param bestPerItem entries kept per row: the largest (a low-rank form loses most of the signal).
 */
export function fitTransitions(interactions: Interactions, bestPerItem: number): Transitions {
  const counts = itemCounts(interactions);
  const rows = interactions.timesMs === null ? [] : countSuccessors(interactions);
  const kept = interactions.items.map((_, row) => bestOf(rows[row], counts, bestPerItem));
  const offsets = new Int32Array(kept.length + 1);
  kept.forEach((entries, row) => {
    offsets[row + 1] = (offsets[row] ?? 0) + entries.length;
  });
  const all = kept.flat();
  return {
    offsets,
    items: Int32Array.from(all, ([item]) => item),
    values: Float32Array.from(all, ([, value]) => value),
  };
}

type Entry = readonly [item: number, value: number];

function countSuccessors({ offsets, itemRows, items, users }: Interactions) {
  const rows = items.map(() => new Map<number, number>());
  for (let user = 0; user < users.length; user += 1) {
    const end = offsets[user + 1] ?? 0;
    for (let s = offsets[user] ?? 0; s < end; s += 1) {
      const row = rows[itemRows[s] ?? 0];
      for (let t = s + 1; t <= s + reach && t < end; t += 1) {
        const item = itemRows[t] ?? 0;
        row?.set(item, (row.get(item) ?? 0) + 1 / (t - s));
      }
    }
  }
  return rows;
}

function bestOf(row: Map<number, number> | undefined, counts: Int32Array, best: number): Entry[] {
  if (row === undefined) return [];
  const total = [...row.values()].reduce((sum, value) => sum + value, prior);
  const scaled = [...row].map(([item, value]): Entry => {
    return [item, value / total / ((counts[item] ?? 0) + prior) ** popularityPower];
  });
  return scaled
    .toSorted((left, right) => right[1] - left[1] || left[0] - right[0])
    .slice(0, best)
    .toSorted((left, right) => left[0] - right[0]);
}
