import type { Catalogue } from './catalogue.ts';
import { dotProduct } from './dot-product.ts';
import { bestRows, type Scoring } from './rank-items.ts';
import type { RecommenderBundle } from './recommender-bundle.ts';

/** Who competes, and with what. */
export interface Race {
  readonly rows: Int32Array;
  /** z·q_i of each row of the bundle in single precision; room for this to write in. */
  readonly products: Float32Array;
  readonly scoring: Scoring;
  readonly topN: number;
}

/**
 * How far a product in single precision may be from the exact one, with a wide margin: sums of 512
 * terms of about 1 are off by less than 1e-4. Relative to the score, at least to 1.
 */
const margin = 1e-3;

/**
 * The rows that may be among the `topN` best: all whose products make them as good as the last of
 * those, or worse by so little that rounding may have done it.
 */
export function shortlist(
  bundle: RecommenderBundle,
  catalogue: Catalogue,
  { rows, products, scoring, topN }: Race,
): Int32Array {
  if (rows.length <= topN) return rows;
  const { bias, items, width } = bundle;
  const { sequence, user } = scoring;
  const scores = new Float32Array(rows.length);
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index] ?? 0;
    const product =
      row < items.length
        ? (products[row] ?? 0)
        : dotProduct(user.vector, catalogue.addedHead, (row - items.length) * width);
    scores[index] = product + (bias[row] ?? 0) + (sequence.scores[row] ?? 0);
  }
  const last = bestRows(catalogue, rows, scores, topN).scores[topN - 1] ?? -Infinity;
  return rowsFrom(rows, scores, last - margin * Math.max(1, Math.abs(last)));
}

function rowsFrom(rows: Int32Array, scores: Float32Array, bar: number): Int32Array {
  const chosen: number[] = [];
  for (let index = 0; index < rows.length; index += 1) {
    if ((scores[index] ?? 0) >= bar) chosen.push(rows[index] ?? 0);
  }
  return Int32Array.from(chosen);
}
