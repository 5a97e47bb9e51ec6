import type { Manifest } from '../domain/bundle.ts';
import { ChorusError } from '../domain/errors.ts';
import type { RecommenderBundle } from '../recommender/recommender-bundle.ts';
import type { Interactions } from '../training/data/interactions.ts';
import { sharedInt32 } from '../training/threads/shared-arrays.ts';
import type { EvaluationSet } from './evaluation-set.ts';

/**
 * The data with its items in the bundle's rows.
 * @throws ChorusError `invalid_argument` when the bundle comes from other data.
 */
export function matchCatalogue(
  interactions: Interactions,
  { rows, items }: Pick<RecommenderBundle, 'rows' | 'items'>,
  { lineage }: Pick<Manifest, 'lineage'>,
): Interactions {
  const trainedOn = lineage['data'];
  if (trainedOn !== undefined && trainedOn !== interactions.source) {
    throw wrongData(`the bundle was trained on ${trainedOn}, --data is ${interactions.source}`);
  }
  if (items.length !== interactions.items.length) {
    throw wrongData(
      `the bundle has ${items.length} items, the data has ${interactions.items.length}`,
    );
  }
  const rowOf = Int32Array.from(interactions.items, ({ id }) => {
    const row = rows.get(id);
    if (row === undefined) throw wrongData(`the bundle does not know item ${id} of the data`);
    return row;
  });
  const itemRows = sharedInt32(interactions.itemRows.map((row) => rowOf[row] ?? 0));
  return { ...interactions, items, itemRows };
}

/**
 * Why a bundle may have seen what it is asked for; empty when it cannot have.
 * @param set what it is measured on, in any rows.
 */
export function leaksOf(
  { training, cases }: EvaluationSet,
  { lineage }: Pick<Manifest, 'lineage'>,
): readonly string[] {
  const leaks: string[] = [];
  const trainedOn = Number(lineage['interactions'] ?? NaN);
  const known = training.itemRows.length;
  if (!(trainedOn <= known)) {
    leaks.push(
      `the bundle was trained on ${trainedOn} interactions (held out: ${lineage['held_out'] ?? 'nothing'}), without the held-out items there are ${known}`,
    );
  }
  const inHistory = cases.filter(({ met, target }) => met.includes(target)).length;
  if (inHistory > 0) {
    leaks.push(`the histories of ${inHistory} users contain the very item that is held out`);
  }
  return leaks;
}

function wrongData(message: string): ChorusError {
  return new ChorusError('invalid_argument', `${message}: expected the data it was trained on`);
}
