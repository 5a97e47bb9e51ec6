import type { RankedItem, RecommendRequest } from '../domain/recommendation.ts';
import type { Catalogue } from './catalogue.ts';
import { dotProduct } from './dot-product.ts';
import type { ScaledUser } from './head.ts';
import type { RecommenderBundle } from './recommender-bundle.ts';
import type { SequenceScores } from './sequence-scores.ts';

/** Which rows compete for an answer. */
export interface Contest {
  /** Rows to rank. */
  readonly rows: Int32Array;
  /** Candidates that the catalogue does not know, or not any more. */
  readonly unknown: readonly string[];
}

const nothingAdded = new Float32Array(0);

/** The rows that may be in the answer: candidates or the whole catalogue, less what was seen or excluded. */
export function contestants(
  catalogue: Catalogue,
  request: RecommendRequest,
  seen: ReadonlySet<number>,
): Contest {
  const unknown: string[] = [];
  const excluded = new Set(request.exclude.map((id) => catalogue.rowOf(id)));
  const mayAnswer = (row: number): boolean =>
    !excluded.has(row) && (request.includeSeen || !seen.has(row));
  if (request.candidates === undefined) {
    const some = new Int32Array(catalogue.rows.length);
    let count = 0;
    for (const row of catalogue.rows) {
      if (!mayAnswer(row)) continue;
      some[count] = row;
      count += 1;
    }
    return { rows: some.subarray(0, count), unknown };
  }
  const rows: number[] = [];
  for (const id of request.candidates) {
    const row = catalogue.rowOf(id);
    if (row === undefined) unknown.push(id);
    else if (mayAnswer(row)) rows.push(row);
  }
  return { rows: Int32Array.from(rows), unknown };
}

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

/** The `topN` best rows, best first; equal scores in the order of their item ids. */
export function rankItems(
  catalogue: Catalogue,
  rows: Int32Array,
  scores: Float32Array,
  topN: number,
): readonly RankedItem[] {
  const best: { row: number; score: number; id: string }[] = [];
  for (let index = 0; index < rows.length; index += 1) {
    const score = scores[index] ?? 0;
    const worst = best[topN - 1];
    if (worst !== undefined && score < worst.score) continue;
    const row = rows[index] ?? 0;
    insert(best, { row, score, id: catalogue.idOf(row) }, topN);
  }
  return best.map(({ row, score, id }) => ({
    itemId: id,
    title: catalogue.titleOf(row),
    score,
  }));
}

interface Ranked {
  readonly row: number;
  readonly score: number;
  readonly id: string;
}

function insert(best: Ranked[], entry: Ranked, limit: number): void {
  let low = 0;
  let high = best.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = best[middle];
    if (other !== undefined && isBefore(other, entry)) low = middle + 1;
    else high = middle;
  }
  best.splice(low, 0, entry);
  if (best.length > limit) best.pop();
}

function isBefore(left: Ranked, right: Ranked): boolean {
  return left.score > right.score || (left.score === right.score && left.id < right.id);
}
