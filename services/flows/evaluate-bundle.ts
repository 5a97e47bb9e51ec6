import { type Quality, QualityTally } from '../evaluation/quality-tally.ts';
import { itemCounts } from '../training/data/interactions.ts';
import { type RoutingFigures, RoutingTally } from '../training/routing-metrics.ts';
import type { EvaluationCase, EvaluationSet } from './evaluation-set.ts';
import type { DirectScorer, PreparedHistory } from './score-directly.ts';

/** What a bundle is worth. */
export interface BundleEvaluation {
  /** As served: the bundle's own route limits. */
  readonly served: QualityTally;
  readonly routing: RoutingFigures;
  /** The same users with a fixed number of experts each. */
  readonly rungs: readonly Rung[];
}

/** Quality at one number of experts. */
export interface Rung {
  readonly k: number;
  readonly quality: Quality;
}

/** What to measure beside the served answers, and whom to tell. */
export interface EvaluationOptions {
  /** Fixed numbers of experts to try, ascending. */
  readonly rungs: readonly number[];
  /** Told of each user's served scores, in the order of the cases; waited for. */
  readonly onScores?: (asked: EvaluationCase, scores: Float32Array) => Promise<void>;
  /** Told how many users are done. */
  readonly onUsers?: (done: number) => void;
}

/** Users whose base vectors and experts are computed together, while those before are scored. */
const batchSize = 16;

/**
 * Answers every case as serving would and ranks its held-out item.
 * @param set its rows must be the bundle's.
 * @throws ChorusError `model_failed` for a score that is not finite.
 */
export async function evaluateBundle(
  scorer: DirectScorer,
  set: EvaluationSet,
  { rungs, onScores, onUsers }: EvaluationOptions,
): Promise<BundleEvaluation> {
  const { cases } = set;
  const { experts } = scorer.bundle;
  const served = new QualityTally('served', cases.length);
  const routing = new RoutingTally(experts.length);
  const ladder = rungs.map((k) => ({ k, tally: new QualityTally(`k = ${k}`, cases.length) }));
  for await (const [user, asked, prepared] of preparedCases(scorer, cases)) {
    const { scores, route } = scorer.scoresOf(prepared);
    served.take(user, scores, asked);
    routing.take(
      route.probabilities,
      route.choices.map(({ expert }) => experts.indexOf(expert)),
    );
    for (const { k, tally } of ladder)
      climb(set, user, tally, (rows) => {
        const limits = { threshold: 1, minExperts: k, maxExperts: k };
        return scorer.scoresOf(prepared, limits, undefined, rows).scores;
      });
    await onScores?.(asked, scores);
    onUsers?.(user + 1);
  }
  return {
    served,
    routing: routing.figures,
    rungs: ladder.map(({ k, tally }) => ({ k, quality: tally.quality })),
  };
}

/** Takes one user's scores at one rung: of the negatives alone where a file gives those, for speed. */
function climb(
  { cases, ranks }: EvaluationSet,
  user: number,
  tally: QualityTally,
  scoresOf: (rows?: Int32Array) => Float32Array,
): void {
  const asked = cases[user];
  if (asked === undefined) return;
  if (ranks === 'catalogue') return tally.take(user, scoresOf(), asked);
  const scores = scoresOf(Int32Array.of(asked.target, ...asked.negatives));
  const negatives = Int32Array.from(asked.negatives.keys(), (place) => place + 1);
  tally.takeSampled(user, scores, { target: 0, negatives });
}

/** What the number of times that each item was met says of the cases: no model at all. */
export function evaluatePopularity({ training, cases }: EvaluationSet): QualityTally {
  const counts = itemCounts(training);
  const tally = new QualityTally('popularity', cases.length);
  cases.forEach((asked, user) => tally.take(user, counts, asked));
  return tally;
}

/** The cases in order, each prepared; the next batch is computed while one is consumed. */
async function* preparedCases(
  scorer: DirectScorer,
  cases: readonly EvaluationCase[],
): AsyncGenerator<readonly [user: number, asked: EvaluationCase, prepared: PreparedHistory]> {
  const prepare = (start: number): Promise<readonly PreparedHistory[]> =>
    scorer.prepare(cases.slice(start, start + batchSize).map(({ history }) => history));
  let next = prepare(0);
  for (let start = 0; start < cases.length; start += batchSize) {
    // oxlint-disable-next-line no-await-in-loop -- one batch ahead bounds the memory
    const batch = await next;
    next = prepare(start + batchSize);
    // Awaited only after this batch: a failure meanwhile must not count as unhandled.
    next.catch(() => undefined);
    for (const [at, prepared] of batch.entries()) {
      const asked = cases[start + at];
      if (asked !== undefined) yield [start + at, asked, prepared];
    }
  }
  await next;
}
