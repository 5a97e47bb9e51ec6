import type { PairedDifference } from '../../services/evaluation/paired-difference.ts';
import { type Quality, qualityNames } from '../../services/evaluation/quality-tally.ts';
import type { BundleEvaluation, Rung } from '../../services/flows/evaluate-bundle.ts';
import type { RoutingFigures } from '../../services/training/routing-metrics.ts';
import type { Figure } from '../terminal/command-line.ts';

type Figures = Record<string, Figure>;

/** Figures as `--json` names them. */
const namesOf: Readonly<Record<keyof Quality, string>> = {
  hr10: 'hr10',
  ndcg10: 'ndcg10',
  fullHr10: 'full_hr10',
  fullNdcg10: 'full_ndcg10',
};

/** The served quality, the routing and the ladder under their names. */
export function servedFigures({ served, routing, rungs }: BundleEvaluation): Figures {
  const best = rungs.at(-1)?.quality;
  return {
    ...named(served.quality),
    ...routingNames(routing),
    ...(best !== undefined && regrets(best, served.quality)),
    per_k: rungs.map(({ k, quality }: Rung) => ({
      k,
      ...named(quality),
      ...(best !== undefined && regrets(best, quality)),
    })),
  };
}

/** A baseline's quality, each figure with its name in front. */
export function baselineFigures(name: string, quality: Quality): Figures {
  return Object.fromEntries(
    Object.entries(named(quality)).map(([figure, value]) => [`${name}_${figure}`, value]),
  );
}

/** How much better than the reference: each figure's mean gain, its standard error and 95 % interval. */
export function gainFigures(gains: Readonly<Record<keyof Quality, PairedDifference>>): Figures {
  return Object.fromEntries(
    qualityNames.flatMap((key): [string, Figure][] => [
      [`${namesOf[key]}_gain`, rounded(gains[key].mean)],
      [`${namesOf[key]}_gain_se`, rounded(gains[key].standardError)],
      [`${namesOf[key]}_gain_interval`, gains[key].interval.map((end) => rounded(end))],
    ]),
  );
}

/** The mean full ranking over orders of ties, and how far apart those are. */
export function randomTiesFigures(qualities: readonly Quality[]): Figures {
  if (qualities.length === 0) return {};
  const mean = (key: keyof Quality): number =>
    qualities.reduce((sum, quality) => sum + quality[key], 0) / qualities.length;
  return {
    random_ties_orders: qualities.length,
    random_ties_full_hr10: rounded(mean('fullHr10')),
    random_ties_full_ndcg10: rounded(mean('fullNdcg10')),
    random_ties_each_full_hr10: qualities.map(({ fullHr10 }) => rounded(fullHr10)),
  };
}

function routingNames(figures: RoutingFigures): Figures {
  return {
    balance_loss: rounded(figures.balanceLoss),
    entropy_bits: rounded(figures.entropyBits),
    mean_k: rounded(figures.meanK),
    shares: figures.shares.map((share) => rounded(share)),
    max_min_share: rounded(figures.maxMinShare),
    share_variation: rounded(figures.shareVariation),
    mutual_information_bits: rounded(figures.mutualInformationBits),
  };
}

/** Without what was not ranked. */
function named(quality: Quality): Record<string, number> {
  const ranked = qualityNames.filter((key) => !Number.isNaN(quality[key]));
  return Object.fromEntries(ranked.map((key) => [namesOf[key], rounded(quality[key])]));
}

/** What is lost against asking every expert, sampled figures. */
function regrets(best: Quality, { hr10, ndcg10 }: Quality): Record<string, number> {
  return {
    hr10_regret: rounded(best.hr10 - hr10),
    ndcg10_regret: rounded(best.ndcg10 - ndcg10),
  };
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
