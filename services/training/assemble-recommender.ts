import { type Interactions, itemCounts } from './data/interactions.ts';
import { type Gate } from './gate-probabilities.ts';
import { type JointHead } from './joint-head.ts';
import { layOutTables } from './lay-out-tables.ts';
import { type RoutingFigures } from './routing-metrics.ts';
import { type TrainedRecommender } from './trained-recommender.ts';
import { type TrainingSettings } from './training-settings.ts';
import { fitTransitions } from './transitions.ts';

/** The gate and what it does with the users that it was fitted on. */
export interface Routing {
  readonly gate: Gate;
  /** users × experts. */
  readonly probabilities: Float64Array;
  /** τ. */
  readonly threshold: number;
  readonly figures: RoutingFigures;
}

/** All that a training fitted. */
export interface FittedParts {
  /** V of each base block. */
  readonly bases: readonly Float64Array[];
  readonly routing: Routing;
  readonly joint: JointHead;
  readonly lineage: TrainedRecommender['lineage'];
}

/** Puts the fitted parts together as the recommender that a bundle will hold. */
export function assembleRecommender(
  interactions: Interactions,
  settings: TrainingSettings,
  { bases, routing, joint, lineage }: FittedParts,
): TrainedRecommender {
  const { baseBlocks, halfLifeItems, experts, gate, sequence, popularityBias } = settings;
  const { items } = interactions;
  const { bestPerItem, ...served } = sequence;
  const gateWidth = baseBlocks[0]?.width ?? 0;
  return {
    parameters: {
      itemCount: items.length,
      baseBlocks: baseBlocks.map(({ width, alpha, lambda, weight }) => {
        return { width, alpha, lambda, weight, halfLifeItems };
      }),
      expertBlock: { width: experts.width, weight: experts.weight, halfLifeItems },
      gate: {
        block: 0,
        weights: piecesOf(routing.gate.weights, gateWidth).map((row) => Array.from(row)),
        bias: [...routing.gate.bias],
        threshold: routing.threshold,
        minExperts: gate.minExperts,
        maxExperts: gate.maxExperts,
      },
      sequence: served,
    },
    items,
    tables: layOutTables({
      base: bases.map((rows, index) => ({ rows, width: baseBlocks[index]?.width ?? 0 })),
      experts: joint.head,
      expertWidth: experts.width,
      bias: Float32Array.from(itemCounts(interactions), (count) => {
        return popularityBias * Math.log1p(count);
      }),
      transitions: fitTransitions(interactions, bestPerItem),
    }),
    experts: piecesOf(joint.tables, items.length * experts.width).map((table, expert) => {
      return { name: `${expert + 1}`, table };
    }),
    lineage,
    metrics: namedFigures(routing.figures),
  };
}

/** Copies, in memory of their own: what a checkpoint left is shared, and files are not written from that. */
function piecesOf<T>(values: Sliceable<T>, length: number): T[] {
  return Array.from({ length: values.length / length }, (_, at) =>
    values.slice(at * length, (at + 1) * length),
  );
}

interface Sliceable<T> {
  readonly length: number;
  slice(start: number, end: number): T;
}

function namedFigures(figures: RoutingFigures) {
  return {
    balance_loss: figures.balanceLoss,
    entropy_bits: figures.entropyBits,
    mean_k: figures.meanK,
    shares: figures.shares,
    max_min_share: figures.maxMinShare,
    share_variation: figures.shareVariation,
    mutual_information_bits: figures.mutualInformationBits,
  };
}
