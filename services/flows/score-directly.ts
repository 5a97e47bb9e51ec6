import { combine } from '../aggregation/combine.ts';
import type { BundleContents, ExpertSignature } from '../domain/bundle.ts';
import type { Reply } from '../domain/reply.ts';
import type { Route } from '../domain/routing.ts';
import type { TaskDraft } from '../domain/task.ts';
import { publicTenant } from '../domain/tenant.ts';
import { joinRows, splitRows } from '../platform/model-runner/batch-tensors.ts';
import type { LoadedModel, ModelRunner } from '../platform/model-runner/model-runner.ts';
import { BaseVectors } from '../recommender/base-vectors.ts';
import { tasksWith } from '../recommender/draft-tasks.ts';
import { addExperts } from '../recommender/head.ts';
import type { KnownHistory } from '../recommender/history.ts';
import { type PreparedUser, prepareUser } from '../recommender/prepared-user.ts';
import { scoreRows } from '../recommender/rank-items.ts';
import {
  expertOutput,
  openRecommenderBundle,
  type RecommenderBundle,
} from '../recommender/recommender-bundle.ts';
import { chooseExperts, type RouteLimits } from '../routing/choose-experts.ts';

/** What the serving path says of one history. */
export interface DirectScores {
  /** One score for each item of the catalogue, by row, or for each of the rows asked for. */
  readonly scores: Float32Array;
  readonly route: Route;
}

/** What serving computes from a history whatever the route: with it any route is soon scored. */
export interface PreparedHistory {
  readonly user: PreparedUser;
  /** What each expert answers, chosen or not; empty where there is no history to compute from. */
  readonly replies: ReadonlyMap<string, Reply>;
}

/**
 * The serving path's own stages over a bundle, with the experts run right here instead of through
 * log, workers and reply line: for proving a bundle and for measuring what it is worth.
 */
export class DirectScorer {
  readonly bundle: RecommenderBundle;
  readonly #base: BaseVectors;
  readonly #experts: readonly DirectExpert[];
  readonly #everyRow: Int32Array;

  private constructor(
    bundle: RecommenderBundle,
    base: BaseVectors,
    experts: readonly DirectExpert[],
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
        return { signature, model };
      }),
    );
    return new DirectScorer(bundle, base, experts);
  }

  /**
   * Scores the whole catalogue.
   * @param limits of the route; the bundle's own unless told, `maxExperts` 0 for the base alone.
   * @param isPresent which experts can be asked; all of them unless told.
   */
  async score(
    history: KnownHistory,
    limits?: RouteLimits,
    isPresent?: (expert: string) => boolean,
  ): Promise<DirectScores> {
    const [prepared] = await this.prepare([history]);
    if (prepared === undefined) throw new RangeError('one history went in, none came out');
    return this.scoresOf(prepared, limits, isPresent);
  }

  /** Computes what needs the model runner, for many histories in one batch per expert. */
  async prepare(histories: readonly KnownHistory[]): Promise<readonly PreparedHistory[]> {
    const users = await Promise.all(
      histories.map(async (history) => {
        const vectors = await this.#base.of(history);
        return prepareUser(this.bundle, '', { ...history, strangers: [] }, vectors);
      }),
    );
    const replies = await this.#askAll(users);
    return users.map((user, at) => ({ user, replies: replies[at] ?? new Map() }));
  }

  /** Routes, combines and scores; as `score`, but only these rows where told. */
  scoresOf(
    { user, replies }: PreparedHistory,
    limits: RouteLimits = this.bundle.parameters.gate,
    isPresent: (expert: string) => boolean = () => true,
    rows: Int32Array = this.#everyRow,
  ): DirectScores {
    const { bundle } = this;
    // As in an answer: without a history experts have nothing to say.
    const asked = replies.size > 0 ? limits : { ...limits, minExperts: 0, maxExperts: 0 };
    const route = chooseExperts(bundle.experts, user.probabilities, asked, isPresent);
    const chosen = route.choices.flatMap(({ expert }) => replies.get(expert) ?? []);
    const combined = combine(route.choices, chosen, expertOutput, bundle.expertBlock.width);
    const mixed = combined.parts.size > 0 ? combined.vector : undefined;
    const scaled = addExperts(bundle, user.base, mixed);
    return { scores: scoreRows(bundle, scaled, user.sequence, rows), route };
  }

  /** Frees the models. */
  async close(): Promise<void> {
    await this.#base.close();
    await Promise.all(this.#experts.map(({ model }) => model.release()));
  }

  /** Every expert's reply to every user of whom there is anything to compute from. */
  async #askAll(users: readonly PreparedUser[]): Promise<readonly Map<string, Reply>[]> {
    const replies = users.map(() => new Map<string, Reply>());
    const known = [...users.keys()].filter((at) => (users[at]?.history.rows.length ?? 0) > 0);
    if (known.length === 0) return replies;
    await Promise.all(
      this.#experts.map(async (expert) => {
        const { name } = expert.signature;
        const choice = { expert: name, weight: 1 };
        const tasks = known.flatMap((at) =>
          tasksWith(this.bundle, users[at]?.tensors ?? [], [choice], nobody),
        );
        const answers = await runBatch(expert, tasks);
        answers.forEach((reply, index) => replies[known[index] ?? -1]?.set(name, reply));
      }),
    );
    return replies;
  }
}

/** Whose tasks these are: nobody waits for them but this very call. */
const nobody = {
  callId: 'direct',
  tenant: publicTenant,
  deadlineUs: 0,
  lane: 'interactive',
  attempt: 0,
  traceParent: '',
} as const;

interface DirectExpert {
  readonly signature: ExpertSignature;
  readonly model: LoadedModel;
}

/** Runs one expert's tasks as a worker's micro-batch. */
async function runBatch(
  { signature, model }: DirectExpert,
  tasks: readonly TaskDraft[],
): Promise<readonly Reply[]> {
  const perTask = tasks.map(({ tensors }) => tensors);
  const { inputs, rows } = joinRows(signature, perTask);
  const { outputs, runUs } = await model.run(inputs);
  const parts = splitRows(outputs, rows);
  return tasks.map(({ requestId, attempt, expert, mixture, bundle }, at) => ({
    requestId,
    attempt,
    expert,
    mixture,
    bundle,
    delivery: 1,
    workerId: 'direct',
    tensors: parts[at] ?? [],
    textDelta: '',
    last: true,
    timings: { queueUs: 0, runUs, batchRows: tasks.length },
  }));
}
