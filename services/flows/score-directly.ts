import { combine } from '../aggregation/combine.ts';
import type { BundleContents, ExpertSignature } from '../domain/bundle.ts';
import type { Reply } from '../domain/reply.ts';
import type { Route } from '../domain/routing.ts';
import { publicTenant } from '../domain/tenant.ts';
import { joinRows } from '../platform/model-runner/batch-tensors.ts';
import type { LoadedModel, ModelRunner } from '../platform/model-runner/model-runner.ts';
import { BaseVectors } from '../recommender/base-vectors.ts';
import { draftTasks } from '../recommender/draft-tasks.ts';
import { gateProbabilities } from '../recommender/gate.ts';
import { scaleUser } from '../recommender/head.ts';
import type { KnownHistory } from '../recommender/history.ts';
import { scoreRows } from '../recommender/rank-items.ts';
import {
  expertOutput,
  openRecommenderBundle,
  type RecommenderBundle,
} from '../recommender/recommender-bundle.ts';
import { sequenceScores } from '../recommender/sequence-scores.ts';
import { chooseExperts, type RouteLimits } from '../routing/choose-experts.ts';

/** What the serving path says of one history. */
export interface DirectScores {
  /** One score for each item of the catalogue, by row. */
  readonly scores: Float32Array;
  readonly route: Route;
}

/**
 * The serving path's own stages over a bundle, with the experts run right here instead of through
 * log, workers and reply line: for proving a bundle and for measuring what it is worth.
 */
export class DirectScorer {
  readonly bundle: RecommenderBundle;
  readonly #base: BaseVectors;
  readonly #experts: ReadonlyMap<string, DirectExpert>;
  readonly #everyRow: Int32Array;

  private constructor(
    bundle: RecommenderBundle,
    base: BaseVectors,
    experts: ReadonlyMap<string, DirectExpert>,
  ) {
    this.bundle = bundle;
    this.#base = base;
    this.#experts = experts;
    this.#everyRow = Int32Array.from(bundle.items, (_, row) => row);
  }

  /** @throws ChorusError `bundle_rejected` as a start would. */
  static async open(contents: BundleContents, runner: ModelRunner): Promise<DirectScorer> {
    const bundle = openRecommenderBundle(contents);
    const base = await BaseVectors.open(runner, bundle);
    const experts = await Promise.all(
      contents.manifest.experts.map(async (signature) => {
        const bytes = contents.file(signature.file);
        const model = await runner.load(`direct/${signature.name}`, bytes, signature);
        return [signature.name, { signature, model }] as const;
      }),
    );
    return new DirectScorer(bundle, base, new Map(experts));
  }

  /**
   * Scores the whole catalogue.
   * @param limits of the route; the bundle's own unless told, `maxExperts` 0 for the base alone.
   * @param isPresent which experts can be asked; all of them unless told.
   */
  async score(
    history: KnownHistory,
    limits: RouteLimits = this.bundle.parameters.gate,
    isPresent: (expert: string) => boolean = () => true,
  ): Promise<DirectScores> {
    const { bundle } = this;
    const vectors = await this.#base.of(history);
    const { gate } = bundle.parameters;
    const probabilities = gateProbabilities(gate, vectors[gate.block] ?? new Float32Array(0));
    const route = chooseExperts(bundle.experts, probabilities, limits, isPresent);
    const replies = await this.#ask(history, route);
    const { width } = bundle.expertBlock;
    const combined = combine(route.choices, replies, expertOutput, width);
    const user = scaleUser(bundle, vectors, combined.parts.size > 0 ? combined.vector : undefined);
    const sequence = sequenceScores(bundle, history.rows);
    return { scores: scoreRows(bundle, user, sequence, this.#everyRow), route };
  }

  /** Frees the models. */
  async close(): Promise<void> {
    await this.#base.close();
    await Promise.all([...this.#experts.values()].map(({ model }) => model.release()));
  }

  async #ask(history: KnownHistory, route: Route): Promise<readonly Reply[]> {
    const tasks = draftTasks('direct', this.bundle, publicTenant, history, route.choices, 0);
    return await Promise.all(
      tasks.map(async (task): Promise<Reply> => {
        const { expert, requestId, attempt, mixture, bundle } = task;
        const { signature, model } = this.#experts.get(expert) ?? missing(expert);
        const { outputs, runUs } = await model.run(joinRows(signature, [task.tensors]).inputs);
        return {
          requestId,
          attempt,
          expert,
          mixture,
          bundle,
          delivery: 1,
          workerId: 'direct',
          tensors: outputs,
          textDelta: '',
          last: true,
          timings: { queueUs: 0, runUs, batchRows: 1 },
        };
      }),
    );
  }
}

interface DirectExpert {
  readonly signature: ExpertSignature;
  readonly model: LoadedModel;
}

function missing(expert: string): never {
  throw new RangeError(`the bundle has no expert ${expert}`);
}
