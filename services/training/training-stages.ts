import { type Routing } from './assemble-recommender.ts';
import {
  type Checkpoint,
  float32Of,
  float64Of,
  type StageArrays,
} from './checkpoint/checkpoint.ts';
import { audienceOf, type Interactions } from './data/interactions.ts';
import { gateProbabilities } from './gate-probabilities.ts';
import { fitIals, foldIn, type IalsSettings, type IterationKeeper, type Workshop } from './ials.ts';
import { fitJointHead, type JointHead } from './joint-head.ts';
import { type Meetings } from './pair-counts.ts';
import { recencyWeights } from './recency.ts';
import { chooseThreshold, routingFigures } from './routing-metrics.ts';
import { SeededRandom } from './seeded-random.ts';
import { fitGate } from './sinkhorn-gate.ts';
import { type KernelThreads } from './threads/kernel-threads.ts';
import { sharedFloat32, sharedFloat64 } from './threads/shared-arrays.ts';
import { type ProgressMeter } from './training-progress.ts';
import { type TrainingSettings } from './training-settings.ts';

/** What the stages of one run work with. */
export interface StageTools {
  readonly seed: number;
  readonly threads: KernelThreads;
  readonly meter: ProgressMeter;
  readonly checkpoint: Checkpoint;
}

/**
 * The stages of one run, over its data and settings. Each draws its own chance and keeps what it
 * computed, so that a run which was ended goes on as if it had not been.
 */
export class TrainingStages {
  readonly #interactions: Interactions;
  readonly #settings: TrainingSettings;
  readonly #tools: StageTools;

  constructor(interactions: Interactions, settings: TrainingSettings, tools: StageTools) {
    this.#interactions = interactions;
    this.#settings = settings;
    this.#tools = tools;
  }

  /** V of each base block. */
  async fitBases(): Promise<readonly Float64Array[]> {
    const bases: Float64Array[] = [];
    for (const [index, block] of this.#settings.baseBlocks.entries()) {
      const stage = `base ${index + 1}`;
      // One after another: each already uses every thread.
      // oxlint-disable-next-line no-await-in-loop
      const workshop = { ...this.#workshop(stage), keeper: await this.#keeperOf(stage) };
      // oxlint-disable-next-line no-await-in-loop
      bases.push(await fitIals(this.#interactions, block, this.#chance(stage), workshop));
    }
    return bases;
  }

  /** Fitted on users folded in as serving will fold them in, so that serving finds the same balance. */
  async fitRouting([items]: readonly Float64Array[]): Promise<Routing> {
    const { gate: limits, experts, baseBlocks } = this.#settings;
    const [block] = baseBlocks;
    if (block === undefined || items === undefined) throw new Error('the settings have no base');
    const kept = await this.#keep(['users', 'gate'], {
      read: (arrays) => ({
        weights: float64Of(arrays, 'weights'),
        bias: float64Of(arrays, 'bias'),
        probabilities: float64Of(arrays, 'probabilities'),
      }),
      compute: async () => await this.#fitGate({ ...block, items }),
    });
    const { probabilities } = kept;
    const threshold = chooseThreshold(probabilities, experts.count, limits);
    const figures = routingFigures(probabilities, experts.count, { ...limits, threshold });
    return { gate: kept, probabilities, threshold, figures };
  }

  async #fitGate(base: IalsSettings & { readonly items: Float64Array }) {
    const { gate, experts, halfLifeItems } = this.#settings;
    const weights = recencyWeights(this.#interactions, halfLifeItems);
    const users = await foldIn(this.#interactions, weights, base, this.#workshop('users'));
    const random = this.#chance('gate');
    const { entropyBits } = gate;
    const target = { experts: experts.count, entropyBits, limits: gate, random };
    const fitted = await fitGate(users, base.width, target, this.#workshop('gate'));
    return { ...fitted, probabilities: gateProbabilities(fitted, users, base.width) };
  }

  /** The experts' tables on their shared head. */
  async fitExperts({ probabilities }: Routing): Promise<JointHead> {
    const { offsets, itemRows, items } = this.#interactions;
    const audience = audienceOf(this.#interactions);
    const meetings = { offsets, itemRows, itemCount: items.length, audience };
    return await this.#keep(['experts', 'head'], {
      read: (arrays) => ({ head: float64Of(arrays, 'head'), tables: float32Of(arrays, 'tables') }),
      compute: async () => {
        const { tables } = await this.#keep(['experts'], {
          read: (arrays) => ({ tables: float32Of(arrays, 'tables') }),
          compute: async () => await this.#fitTables(meetings, probabilities),
        });
        return await this.#fitHead(meetings, tables);
      },
    });
  }

  /** The dense table B of each expert. */
  async #fitTables(meetings: Meetings, probabilities: Float64Array) {
    const { count: experts, lambda } = this.#settings.experts;
    const tables = sharedFloat32(experts * meetings.itemCount ** 2);
    const userWeights = membershipWeights(probabilities, this.#settings.experts);
    const input = { ...meetings, userWeights, experts, lambda, tables };
    const share = { rows: experts, chunk: 1, onRows: this.#tools.meter.rowsOf('experts') };
    await this.#tools.threads.run({ name: 'fitLocalEase', input }, share);
    return { tables };
  }

  async #fitHead(meetings: Meetings, tables: Float32Array): Promise<JointHead> {
    const { width, count: experts, headRounds: rounds } = this.#settings.experts;
    const { itemCount } = meetings;
    const counts = sharedFloat32(itemCount ** 2);
    const userWeights = sharedFloat64(this.#interactions.users.length).fill(1);
    const input = { ...meetings, userWeights, stride: 1, column: 0, counts };
    await this.#tools.threads.run({ name: 'countPairs', input }, { rows: itemCount, chunk: 64 });
    const dense = { itemCount, tables, pairs: counts };
    const size = { width, experts, rounds };
    return await fitJointHead(dense, size, this.#chance('head'), this.#workshop('head'));
  }

  /** What the last of the stages left, or what `compute` makes of them. */
  async #keep<T extends Record<keyof T, StageArrays[string]>>(
    stages: readonly string[],
    { read, compute }: { read: (kept: StageArrays) => T; compute: () => Promise<T> },
  ): Promise<T> {
    const name = stages.at(-1) ?? '';
    const kept = await this.#tools.checkpoint.load(name);
    if (kept !== undefined) {
      for (const stage of stages) this.#tools.meter.inherit(stage);
      return read(kept);
    }
    const result = await compute();
    await this.#tools.checkpoint.save(name, { ...result });
    return result;
  }

  async #keeperOf(stage: string): Promise<IterationKeeper> {
    const { users, items } = this.#interactions;
    const kept = await this.#tools.checkpoint.load(stage);
    const iteration = kept?.['iteration']?.[0] ?? 0;
    this.#tools.meter.inherit(stage, iteration * (users.length + items.length));
    return {
      kept: kept && { iteration, items: float32Of(kept, 'items') },
      keep: async (done, vectors) => {
        const arrays = { iteration: Int32Array.of(done), items: vectors };
        await this.#tools.checkpoint.save(stage, arrays);
      },
    };
  }

  #workshop(stage: string): Workshop {
    return { threads: this.#tools.threads, onRows: this.#tools.meter.rowsOf(stage) };
  }

  #chance(stage: string): SeededRandom {
    return SeededRandom.for(stage, this.#tools.seed);
  }
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
