import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ChorusError } from '../domain/errors.ts';
import { drawNegatives } from '../evaluation/draw-negatives.ts';
import type { RankedCase } from '../evaluation/ranks.ts';
import { readTargets, type Target } from '../evaluation/read-targets.ts';
import type { KnownHistory } from '../recommender/history.ts';
import { holdOutLast } from '../training/data/hold-out-last.ts';
import type { Interactions } from '../training/data/interactions.ts';
import { SeededRandom } from '../training/seeded-random.ts';

/** One user to answer, and the item that the answer should have near its top. */
export interface EvaluationCase extends RankedCase {
  readonly user: string;
  /** The user's row in the training part. */
  readonly userRow: number;
  readonly history: KnownHistory;
}

/** What a bundle is measured on. */
export interface EvaluationSet {
  /** What a model may know; histories are its. */
  readonly training: Interactions;
  readonly cases: readonly EvaluationCase[];
  /** Where the held-out items come from, in words. */
  readonly protocol: string;
  /** Whether each answer ranks its negatives alone, or the whole catalogue. */
  readonly ranks: 'negatives' | 'catalogue';
}

/** Files of held-out items beside data that has no times, the first that is there. */
const targetFiles = ['test.tsv', 'validation.tsv'];

/** Negatives drawn where no file gives them. */
const negativesPerCase = 99;

/**
 * Puts together what is asked of a bundle: where the data has times, each user's last item with 99
 * drawn negatives; where it has none, the items and negatives of a file.
 * @param folder of the data, to look for that file.
 * @param targets the file, when it is another one.
 * @throws ChorusError `invalid_argument` saying what was expected.
 */
export async function openEvaluationSet(
  interactions: Interactions,
  folder: string,
  targets: string | undefined,
  seed: number,
): Promise<EvaluationSet> {
  if (interactions.timesMs === null) {
    const path = targets ?? findTargets(folder);
    return listedItems(interactions, await readTargets(path), path);
  }
  if (targets === undefined) return lastItems(interactions, seed);
  const message = `${interactions.source} has times: its last items are held out, --targets is for data without`;
  throw new ChorusError('invalid_argument', message);
}

/** Each user's last item, in the order of the histories, with negatives drawn by the seed. */
export function lastItems(interactions: Interactions, seed: number): EvaluationSet {
  const { training, lastRows } = holdOutLast(interactions);
  const random = new SeededRandom(seed);
  const below = (n: number): number => random.below(n);
  const cases = training.users.flatMap((user, userRow): EvaluationCase[] => {
    const target = lastRows[userRow] ?? -1;
    if (target < 0) return [];
    const met = rowsOf(training, userRow);
    const out = new Set([...met, target]);
    const negatives = drawNegatives(training.items.length, out, negativesPerCase, below);
    return [{ user, userRow, target, negatives, met, history: historyOf(training, userRow) }];
  });
  return { training, cases, protocol: 'last item', ranks: 'catalogue' };
}

/** The rows that a case's main figures rank: the target and its negatives, or all that is not met. */
export function rankedRows(
  { training, ranks }: EvaluationSet,
  { target, negatives, met }: EvaluationCase,
): Int32Array {
  if (ranks === 'negatives') return Int32Array.of(target, ...negatives);
  const seen = new Set(met);
  return Int32Array.from(training.items.keys()).filter((row) => row === target || !seen.has(row));
}

function findTargets(folder: string): string {
  const found = targetFiles.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new ChorusError(
    'invalid_argument',
    `${folder} has no times and no ${targetFiles.join(' or ')} ("user item negatives"): expected one of them, or --targets FILE`,
  );
}

function listedItems(
  training: Interactions,
  targets: readonly Target[],
  path: string,
): EvaluationSet {
  const userRows = new Map(training.users.map((user, row) => [user, row]));
  const itemRows = new Map(training.items.map(({ id }, row) => [id, row]));
  const rowOf = (rows: ReadonlyMap<string, number>, id: string, what: string): number => {
    const row = rows.get(id);
    if (row !== undefined) return row;
    const message = `${path}: ${what} ${id} is not in ${training.source}`;
    throw new ChorusError('invalid_argument', message);
  };
  const cases = targets.map(({ user, item, negatives }): EvaluationCase => {
    const userRow = rowOf(userRows, user, 'user');
    const target = rowOf(itemRows, item, 'item');
    const others = negatives.map((id) => rowOf(itemRows, id, 'item'));
    return {
      user,
      userRow,
      target,
      negatives: Int32Array.from(others.filter((row) => row !== target)),
      met: rowsOf(training, userRow),
      history: historyOf(training, userRow),
    };
  });
  return { training, cases, protocol: path, ranks: 'negatives' };
}

function historyOf(training: Interactions, userRow: number): KnownHistory {
  const rows = rowsOf(training, userRow);
  const { offsets, weights } = training;
  return {
    rows,
    weights: Float32Array.from(weights.subarray(offsets[userRow], offsets[userRow + 1])),
    seen: new Set(rows),
    path: 'user',
  };
}

/** A copy outside the memory that threads share. */
function rowsOf({ offsets, itemRows }: Interactions, userRow: number): Int32Array {
  return Int32Array.from(itemRows.subarray(offsets[userRow], offsets[userRow + 1]));
}
