import type { BundleContents } from '../domain/bundle.ts';
import { ChorusError } from '../domain/errors.ts';
import type { ModelRunner } from '../platform/model-runner/model-runner.ts';
import type { Interactions } from '../training/data/interactions.ts';
import { referenceScores } from '../training/reference-scores.ts';
import type { TrainedRecommender } from '../training/trained-recommender.ts';
import { DirectScorer } from './score-directly.ts';

/** Largest difference between a score as trained and as served that a bundle may show. */
const tolerance = 1e-4;

/** Users whose whole catalogue is compared. */
const sampleSize = 20;

/**
 * Loads a written bundle through the serving path and compares its scores with those of the
 * trained model in plain arithmetic, over the whole catalogue, for users spread over the data set
 * and for somebody without a past.
 * @returns the largest difference found.
 * @throws ChorusError `bundle_rejected` when it exceeds 1e-4, or the routes differ.
 */
export async function proveBundle(
  contents: BundleContents,
  trained: TrainedRecommender,
  interactions: Interactions,
  runner: ModelRunner,
): Promise<number> {
  const scorer = await DirectScorer.open(contents, runner);
  try {
    const differences = await Promise.all(
      sampleHistories(interactions).map((rows) => compare(scorer, trained, rows)),
    );
    const largest = Math.max(...differences);
    if (largest <= tolerance) return largest;
    const message = `served scores differ from trained ones by ${largest}, expected at most ${tolerance}`;
    throw new ChorusError('bundle_rejected', message);
  } finally {
    await scorer.close();
  }
}

function sampleHistories({ users, offsets, itemRows }: Interactions): readonly Int32Array[] {
  const step = Math.max(1, Math.floor(users.length / sampleSize));
  const histories: Int32Array[] = [];
  for (let user = 0; user < users.length; user += step) {
    histories.push(itemRows.slice(offsets[user], offsets[user + 1]));
  }
  return histories;
}

async function compare(
  scorer: DirectScorer,
  trained: TrainedRecommender,
  rows: Int32Array,
): Promise<number> {
  const weights = new Float32Array(rows.length).fill(1);
  const served = await scorer.score({ rows, weights, seen: new Set(), path: 'user' });
  const reference = referenceScores(
    trained,
    Array.from(rows, (row) => ({ row, weight: 1 })),
  );
  if (routeOf(served.route.choices) !== routeOf(reference.choices)) {
    const message = `served route ${routeOf(served.route.choices)}, trained ${routeOf(reference.choices)}`;
    throw new ChorusError('bundle_rejected', message);
  }
  // A NaN would win no comparison: it must show as a difference.
  return reference.scores.reduce((largest, score, row) => {
    const difference = Math.abs(score - (served.scores[row] ?? NaN));
    return difference <= largest ? largest : difference;
  }, 0);
}

function routeOf(choices: readonly { readonly expert: string }[]): string {
  return choices.map(({ expert }) => expert).join(' ');
}
