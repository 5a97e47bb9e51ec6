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
  return best.rows.map((row, place) => ({
    itemId: catalogue.idOf(row),
    title: catalogue.titleOf(row),
    score: best.scores[place] ?? 0,
  }));
}

/** The `limit` best rows and their scores, best first; equal scores in the order of their item ids. */
export function bestRows(
  catalogue: Catalogue,
  rows: Int32Array,
  scores: Float32Array,
  limit: number,
): { readonly rows: readonly number[]; readonly scores: readonly number[] } {
  const best = new BestRows(catalogue, limit);
  for (let index = 0; index < rows.length; index += 1) {
    const score = scores[index] ?? 0;
    // Most rows end here: nothing that holds more than a number is made for them.
    if (score >= best.bar) best.take(rows[index] ?? 0, score);
  }
  return best;
}

/** The best rows so far, best first. */
class BestRows {
  readonly rows: number[] = [];
  readonly scores: number[] = [];
  /** No row below this score is among the best any more. */
  bar = -Infinity;
  readonly #catalogue: Catalogue;
  readonly #limit: number;

  constructor(catalogue: Catalogue, limit: number) {
    this.#catalogue = catalogue;
    this.#limit = limit;
  }

  take(row: number, score: number): void {
    let place = this.rows.length;
    while (place > 0 && this.#isBefore(row, score, place - 1)) place -= 1;
    if (place >= this.#limit) return;
    this.rows.splice(place, 0, row);
    this.scores.splice(place, 0, score);
    if (this.rows.length > this.#limit) {
      this.rows.pop();
      this.scores.pop();
    }
    if (this.rows.length === this.#limit) this.bar = this.scores[this.#limit - 1] ?? -Infinity;
  }

  #isBefore(row: number, score: number, place: number): boolean {
    const other = this.scores[place] ?? 0;
    if (score !== other) return score > other;
    return this.#catalogue.idOf(row) < this.#catalogue.idOf(this.rows[place] ?? 0);
  }
}
