import { QualityTally } from '../evaluation/quality-tally.ts';
import { dotProduct } from '../recommender/dot-product.ts';
import { fitIals, foldIn, type IalsSettings, type Workshop } from '../training/ials.ts';
import type { SeededRandom } from '../training/seeded-random.ts';
import type { EvaluationSet } from './evaluation-set.ts';

/** The plain model that a bundle is compared with. */
export type ReferenceSettings = IalsSettings & { readonly iterations: number };

/** Interactions from which on the published reference is fitted. */
const publishedFrom = 500_000;

/**
 * iALS-192 with the published settings (Rendle et al. 2022); on small data, where no setting was
 * published, iALS-64 with those of our own base. Neither looks at order or recency.
 */
export function referenceFor({ training }: EvaluationSet): ReferenceSettings {
  return training.itemRows.length >= publishedFrom
    ? { width: 192, alpha: 0.3, lambda: 0.007, iterations: 12 }
    : { width: 64, alpha: 0.1, lambda: 0.01, iterations: 8 };
}

/** Fits the reference on the training part and ranks the same cases with it. */
export async function evaluateReference(
  { training, cases }: EvaluationSet,
  settings: ReferenceSettings,
  random: SeededRandom,
  workshop: Workshop,
): Promise<QualityTally> {
  const items = await fitIals(training, settings, random, workshop);
  const users = await foldIn(training, training.weights, { ...settings, items }, workshop);
  const { width } = settings;
  const table = Float32Array.from(items);
  const scores = new Float32Array(training.items.length);
  const tally = new QualityTally(`iALS-${width}`, cases.length);
  for (const [user, asked] of cases.entries()) {
    const start = asked.userRow * width;
    const vector = Float32Array.from(users.subarray(start, start + width));
    for (let row = 0; row < scores.length; row += 1) {
      scores[row] = dotProduct(vector, table, row * width);
    }
    tally.take(user, scores, asked);
  }
  return tally;
}
