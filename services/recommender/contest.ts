import { ChorusError } from '../domain/errors.ts';
import type { RecommendRequest } from '../domain/recommendation.ts';
import type { Catalogue } from './catalogue.ts';
import type { WholeHistory } from './history.ts';

/** Which rows compete for an answer. */
export interface Contest {
  /** Rows to rank. */
  readonly rows: Int32Array;
  /** Candidates that the catalogue does not know, or not any more. */
  readonly unknown: readonly string[];
}

/** What a request says of the items that may answer it. */
export type Wanted = Pick<RecommendRequest, 'candidates' | 'exclude' | 'includeSeen'>;

/** Items up to which the whole catalogue is ranked by brute force. */
export const largestWholeCatalogue = 100_000;

/** @throws ChorusError `invalid_argument` where a catalogue is too large to rank it whole. */
export function requireCandidates(
  { barred }: Pick<Catalogue, 'barred'>,
  { candidates }: Pick<Wanted, 'candidates'>,
): void {
  const size = barred.length;
  if (candidates !== undefined || size <= largestWholeCatalogue) return;
  const message = `candidates: required, because the catalogue has ${size} items and is ranked whole up to ${largestWholeCatalogue} only`;
  throw new ChorusError('invalid_argument', message, { field: 'candidates' });
}

/** The rows that may be in the answer: candidates or the whole catalogue, less what was seen or excluded. */
export function contestants(
  catalogue: Catalogue,
  { candidates, exclude, includeSeen }: Wanted,
  history: Pick<WholeHistory, 'seen' | 'strangers'>,
): Contest {
  // Of the catalogue, because a set made for each request costs more than the contest: a request
  // puts its marks, looks at them and takes them away again before another one's turn comes.
  const { barred } = catalogue;
  mark(catalogue, exclude, 1);
  if (!includeSeen) markSeen(catalogue, history, 1);
  const contest =
    candidates === undefined ? everyRow(catalogue, barred) : rowsOf(catalogue, candidates, barred);
  mark(catalogue, exclude, 0);
  if (!includeSeen) markSeen(catalogue, history, 0);
  return contest;
}

function markSeen(
  catalogue: Catalogue,
  { seen, strangers }: Pick<WholeHistory, 'seen' | 'strangers'>,
  as: 0 | 1,
): void {
  for (const row of seen) catalogue.barred[row] = as;
  mark(catalogue, strangers, as);
}

function mark(catalogue: Catalogue, ids: readonly string[], as: 0 | 1): void {
  for (const id of ids) {
    const row = catalogue.rowOf(id);
    if (row !== undefined) catalogue.barred[row] = as;
  }
}

function everyRow({ rows }: Catalogue, barred: Uint8Array): Contest {
  const some = new Int32Array(rows.length);
  let count = 0;
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index] ?? 0;
    if (barred[row] === 1) continue;
    some[count] = row;
    count += 1;
  }
  return { rows: some.subarray(0, count), unknown: [] };
}

function rowsOf(catalogue: Catalogue, candidates: readonly string[], barred: Uint8Array): Contest {
  const unknown: string[] = [];
  const some = new Int32Array(candidates.length);
  let count = 0;
  for (const id of candidates) {
    const row = catalogue.rowOf(id);
    if (row === undefined) {
      unknown.push(id);
    } else if (barred[row] !== 1) {
      some[count] = row;
      count += 1;
    }
  }
  return { rows: some.subarray(0, count), unknown };
}
