import { pairedDifference } from '../../services/evaluation/paired-difference.ts';
import type { QualityTally } from '../../services/evaluation/quality-tally.ts';
import { evaluateReference, referenceFor } from '../../services/flows/evaluate-reference.ts';
import type { EvaluationSet } from '../../services/flows/evaluation-set.ts';
import { SeededRandom } from '../../services/training/seeded-random.ts';
import type { TrainingRun } from '../../services/training/train-recommender.ts';
import type { Figure } from '../terminal/command-line.ts';
import { ProgressLine } from '../terminal/progress-line.ts';
import { baselineFigures, gainFigures } from './evaluation-figures.ts';

/** Fits the reference and holds the served answers against it, user by user. */
export async function compareWithReference(
  served: QualityTally,
  set: EvaluationSet,
  { seed, threads, clock }: TrainingRun,
): Promise<Record<string, Figure>> {
  const settings = referenceFor(set);
  const { width, alpha, lambda, iterations } = settings;
  const { users, items } = set.training;
  const rows = iterations * (users.length + items.length) + users.length;
  const progress = new ProgressLine(clock, rows, 'rows');
  let done = 0;
  const onRows = (more: number): void => {
    done += more;
    progress.show(`fitting iALS-${width}`, done);
  };
  try {
    const random = new SeededRandom(seed);
    const reference = await evaluateReference(set, settings, random, { threads, onRows });
    const gain = (key: keyof QualityTally['perUser']) =>
      pairedDifference(served.perUser[key], reference.perUser[key], (n) => random.below(n));
    return {
      reference: `iALS-${width}, alpha ${alpha}, lambda ${lambda}, ${iterations} iterations, seed ${seed}`,
      ...baselineFigures('reference', reference.quality),
      ...gainFigures({
        hr10: gain('hr10'),
        ndcg10: gain('ndcg10'),
        fullHr10: gain('fullHr10'),
        fullNdcg10: gain('fullNdcg10'),
      }),
    };
  } finally {
    progress.stop();
  }
}
