import { ChorusError } from '../domain/errors.ts';
import { type Clock } from '../platform/clock/clock.ts';
import { type Interactions, itemCounts } from './data/interactions.ts';
import { fitIals, foldIn } from './ials.ts';
import { fitJointHead, type JointHead } from './joint-head.ts';
import { layOutTables } from './lay-out-tables.ts';
import { planStages } from './plan-stages.ts';
import { recencyWeights } from './recency.ts';
import { chooseThreshold, type RoutingFigures, routingFigures } from './routing-metrics.ts';
import { SeededRandom } from './seeded-random.ts';
import { fitGate, type Gate, gateProbabilities } from './sinkhorn-gate.ts';
import { type KernelThreads } from './threads/kernel-threads.ts';
import { sharedFloat32, sharedFloat64 } from './threads/shared-arrays.ts';
import { type TrainedRecommender } from './trained-recommender.ts';
import { ProgressMeter, type TrainingProgress } from './training-progress.ts';
import { type TrainingSettings } from './training-settings.ts';
import { fitTransitions } from './transitions.ts';

/** What a training run needs beside data and settings. */
export interface TrainingRun {
  /** Equal seeds, data and settings give equal bytes, whatever the number of threads. */
  readonly seed: number;
  readonly threads: KernelThreads;
  readonly clock: Clock;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

/**
 * Trains a recommender in closed form: iALS base models, a Sinkhorn-balanced gate on their
 * folded-in users, one local EASE per community as experts, all experts on one shared head, and
 * the transitions between items.
 * @throws ChorusError `invalid_argument` when there are fewer users or items than experts.
 */
export async function trainRecommender(
  interactions: Interactions,
  settings: TrainingSettings,
  run: TrainingRun,
): Promise<TrainedRecommender> {
  requireEnough(interactions, settings);
  const studio = new Studio(interactions, settings, run);
  const bases = await studio.fitBases();
  const routing = await studio.fitRouting(bases);
  const dense = await studio.fitExperts(routing.probabilities);
  const joint = await studio.fitHead(dense);
  return studio.assemble(bases, routing, joint);
}

/** The gate and what it does with the users that it was fitted on. */
interface Routing {
  readonly gate: Gate;
  /** users × experts. */
  readonly probabilities: Float64Array;
  readonly threshold: number;
  readonly figures: RoutingFigures;
}

/** The steps of one run, over its data and settings. */
class Studio {
  readonly #interactions: Interactions;
  readonly #settings: TrainingSettings;
  readonly #run: TrainingRun;
  readonly #random: SeededRandom;
  readonly #meter: ProgressMeter;

  constructor(interactions: Interactions, settings: TrainingSettings, run: TrainingRun) {
    this.#interactions = interactions;
    this.#settings = settings;
    this.#run = run;
    this.#random = new SeededRandom(run.seed);
    const stages = planStages(interactions, settings);
    this.#meter = new ProgressMeter(run.clock, stages, run.onProgress ?? (() => undefined));
  }

  /** V of each base block. */
  async fitBases(): Promise<readonly Float64Array[]> {
    const bases: Float64Array[] = [];
    for (const [index, block] of this.#settings.baseBlocks.entries()) {
      const workshop = this.#workshop(`base ${index + 1}`);
      // One after another: each already uses every thread, and they draw from one seed in turn.
      // oxlint-disable-next-line no-await-in-loop
      bases.push(await fitIals(this.#interactions, block, this.#random, workshop));
    }
    return bases;
  }

  /** Fitted on users folded in as serving will fold them in, so that serving finds the same balance. */
  async fitRouting(bases: readonly Float64Array[]): Promise<Routing> {
    const [block] = this.#settings.baseBlocks;
    const [items] = bases;
    if (block === undefined || items === undefined)
      throw new Error('no base block in the settings');
    const { gate: wanted, experts, halfLifeItems } = this.#settings;
    const weights = recencyWeights(this.#interactions, halfLifeItems);
    const base = { ...block, items };
    const users = await foldIn(this.#interactions, weights, base, this.#workshop('gate'));
    const target = { experts: experts.count, entropyBits: wanted.entropyBits };
    const gate = fitGate(users, block.width, target, this.#random);
    const probabilities = gateProbabilities(gate, users, block.width);
    const threshold = chooseThreshold(probabilities, experts.count, wanted);
    const figures = routingFigures(probabilities, experts.count, { ...wanted, threshold });
    return { gate, probabilities, threshold, figures };
  }

  /** The dense table B of each expert. */
  async fitExperts(probabilities: Float64Array): Promise<Float32Array> {
    const { count, lambda } = this.#settings.experts;
    const { offsets, itemRows, items } = this.#interactions;
    const tables = sharedFloat32(count * items.length ** 2);
    const userWeights = membershipWeights(probabilities, this.#settings.experts);
    await this.#run.threads.run(
      {
        name: 'fitLocalEase',
        input: {
          offsets,
          itemRows,
          itemCount: items.length,
          userWeights,
          experts: count,
          lambda,
          tables,
        },
      },
      { rows: count, chunk: 1, onRows: this.#meter.rowsOf('experts') },
    );
    return tables;
  }

  async fitHead(tables: Float32Array): Promise<JointHead> {
    const { width, count: experts, headRounds: rounds } = this.#settings.experts;
    const { offsets, itemRows, items } = this.#interactions;
    const dense = { offsets, itemRows, itemCount: items.length, tables };
    const size = { width, experts, rounds };
    return await fitJointHead(dense, size, this.#random, this.#workshop('head'));
  }

  assemble(bases: readonly Float64Array[], routing: Routing, joint: JointHead): TrainedRecommender {
    const { baseBlocks, halfLifeItems, experts, gate, sequence } = this.#settings;
    const { items, source, users, itemRows } = this.#interactions;
    const transitions = fitTransitions(this.#interactions, sequence.bestPerItem);
    const bias = Float32Array.from(itemCounts(this.#interactions), (count) => {
      return this.#settings.popularityBias * Math.log1p(count);
    });
    const base = bases.map((rows, index) => ({ rows, width: baseBlocks[index]?.width ?? 0 }));
    const width = baseBlocks[0]?.width ?? 0;
    return {
      parameters: {
        itemCount: items.length,
        baseBlocks: baseBlocks.map(({ width: w, alpha, lambda, weight }) => {
          return { width: w, alpha, lambda, weight, halfLifeItems };
        }),
        expertBlock: { width: experts.width, weight: experts.weight, halfLifeItems },
        gate: {
          block: 0,
          weights: Array.from({ length: experts.count }, (_, expert) => [
            ...routing.gate.weights.subarray(expert * width, (expert + 1) * width),
          ]),
          bias: [...routing.gate.bias],
          threshold: routing.threshold,
          minExperts: gate.minExperts,
          maxExperts: gate.maxExperts,
        },
        sequence: {
          weight: sequence.weight,
          lastItems: sequence.lastItems,
          decay: sequence.decay,
        },
      },
      items,
      tables: layOutTables({
        base,
        experts: joint.head,
        expertWidth: experts.width,
        bias,
        transitions,
      }),
      experts: joint.tables.map((table, expert) => ({
        name: `${expert + 1}`,
        table: Float32Array.from(table),
      })),
      lineage: {
        data: source,
        seed: this.#run.seed,
        users: users.length,
        items: items.length,
        interactions: itemRows.length,
      },
      metrics: namedFigures(routing.figures),
    };
  }

  #workshop(stage: string) {
    return { threads: this.#run.threads, onRows: this.#meter.rowsOf(stage) };
  }
}

function requireEnough({ users, items }: Interactions, { experts }: TrainingSettings): void {
  if (users.length >= experts.count && items.length >= experts.count) return;
  throw new ChorusError(
    'invalid_argument',
    `${experts.count} experts need at least as many users and items; the data has ${users.length} users and ${items.length} items`,
  );
}

/** 1 for the experts that a user belongs to, β for the others; users × experts. */
function membershipWeights(
  probabilities: Float64Array,
  { count, membership, outsideWeight }: TrainingSettings['experts'],
): Float64Array {
  const weights = sharedFloat64(probabilities.length).fill(outsideWeight);
  for (let start = 0; start < probabilities.length; start += count) {
    const p = probabilities.subarray(start, start + count);
    const ranked = [...p.keys()].toSorted((a, b) => (p[b] ?? 0) - (p[a] ?? 0));
    for (const expert of ranked.slice(0, membership)) weights[start + expert] = 1;
  }
  return weights;
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
