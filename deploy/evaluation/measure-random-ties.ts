import { evaluateRandomTies, hasTiedEnds } from '../../services/flows/evaluate-random-ties.ts';
import type { ModelRunner } from '../../services/platform/model-runner/model-runner.ts';
import type { Interactions } from '../../services/training/data/interactions.ts';
import type { TrainingRun } from '../../services/training/train-recommender.ts';
import type { Figure } from '../terminal/command-line.ts';
import { ProgressLine } from '../terminal/progress-line.ts';
import { randomTiesFigures } from './evaluation-figures.ts';

/** The recipe's quality over some random orders of ties; nothing where ties decide nothing. */
export async function measureRandomTies(
  interactions: Interactions,
  orders: number,
  run: TrainingRun,
  runner: ModelRunner,
): Promise<Record<string, Figure>> {
  if (orders === 0 || !hasTiedEnds(interactions)) return {};
  const progress = new ProgressLine(run.clock, orders, 'orders');
  try {
    const qualities = await evaluateRandomTies(interactions, orders, run, {
      runner,
      onOrders: (done) => progress.show('training on random ties', done),
    });
    return randomTiesFigures(qualities);
  } finally {
    progress.stop();
  }
}
