import type { RankedItem } from '../domain/recommendation.ts';
import type { Catalogue } from './catalogue.ts';
import { dotProduct } from './dot-product.ts';
import type { ScaledUser } from './head.ts';
import type { RecommenderBundle } from './recommender-bundle.ts';
import type { SequenceScores } from './sequence-scores.ts';

const nothingAdded = new Float32Array(0);

/**
 * score_i = z·q_i + b_i + s_seq(i) for each of the rows.
 * @param addedHead Q of the rows behind those of the bundle: items added since.
 */
export function scoreRows(
  bundle: RecommenderBundle,
  user: ScaledUser,
  sequence: SequenceScores,
  rows: Int32Array,
  addedHead: Float32Array = nothingAdded,
): Float32Array {
  const { head, items, width, bias } = bundle;
  const offset = user.offset + sequence.offset;
  const scores = new Float32Array(rows.length);
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index] ?? 0;
    const added = row - items.length;
    const table = added < 0 ? head : addedHead;
    const start = (added < 0 ? row : added) * width;
    const product = dotProduct(user.vector, table, start);
    scores[index] = product + offset + (bias[row] ?? 0) + (sequence.scores[row] ?? 0);
  }
  return scores;
}

/** What a user's scores are made of. */
export interface Scoring {
  readonly user: ScaledUser;
  readonly sequence: SequenceScores;
}

/** The `topN` best items, best first; equal scores in the order of their item ids. */
export function rankItems(
  catalogue: Catalogue,
  rows: Int32Array,
  scores: Float32Array,
  topN: number,
): readonly RankedItem[] {
  const best = bestRows(catalogue, rows, scores, topN);
  const items: RankedItem[] = [];
  for (let place = 0; place < best.count; place += 1) {
    const row = best.rows[place] ?? 0;
    const score = best.scores[place] ?? 0;
    items.push({ itemId: catalogue.idOf(row), title: catalogue.titleOf(row), score });
  }
  return items;
}

/** The `limit` best rows and their scores, best first; equal scores in the order of their item ids. */
export function bestRows(
  catalogue: Catalogue,
  rows: Int32Array,
  scores: Float32Array,
  limit: number,
): BestRows {
  const best = new BestRows(catalogue, Math.min(limit, rows.length));
  for (let index = 0; index < rows.length; index += 1) {
    const score = scores[index] ?? 0;
    // Most rows end here.
    if (score >= best.bar) best.take(rows[index] ?? 0, score);
  }
  return best;
}

/** The best rows so far, best first. */
class BestRows {
  readonly rows: Int32Array;
  readonly scores: Float32Array;
  /** How many of them there are. */
  count = 0;
  /** No row below this score is among the best any more. */
  bar = -Infinity;
  readonly #catalogue: Catalogue;

  constructor(catalogue: Catalogue, limit: number) {
    this.#catalogue = catalogue;
    this.rows = new Int32Array(limit);
    this.scores = new Float32Array(limit);
  }

  take(row: number, score: number): void {
    const { rows, scores } = this;
    let place = this.count;
    if (place < rows.length) this.count += 1;
    // Everybody behind it moves by one; the last one leaves where there is no place more.
    while (place > 0 && this.#isBefore(row, score, place - 1)) {
      if (place < rows.length) {
        rows[place] = rows[place - 1] ?? 0;
        scores[place] = scores[place - 1] ?? 0;
      }
      place -= 1;
    }
    if (place < rows.length) {
      rows[place] = row;
      scores[place] = score;
    }
    if (this.count === rows.length) this.bar = scores[rows.length - 1] ?? -Infinity;
  }

  #isBefore(row: number, score: number, place: number): boolean {
    const other = this.scores[place] ?? 0;
    if (score !== other) return score > other;
    return this.#catalogue.idOf(row) < this.#catalogue.idOf(this.rows[place] ?? 0);
  }
}
