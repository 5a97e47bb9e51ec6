import { PresenceBoard } from '../dispatch/presence-board.ts';
import { ChorusError } from '../domain/errors.ts';
import type { Question } from '../domain/question.ts';
import type { Recommendation } from '../domain/recommendation.ts';
import { taskTopic } from '../domain/topics.ts';
import type { Answerer } from '../platform/answer-line/answer-line.ts';
import type { Cache } from '../platform/cache/cache.ts';
import type { Clock } from '../platform/clock/clock.ts';
import type { EventLog } from '../platform/event-log/event-log.ts';
import type { ModelRunner } from '../platform/model-runner/model-runner.ts';
import type { Random } from '../platform/random/random.ts';
import type { Records } from '../platform/records/records.ts';
import type { AggregatorLine } from '../platform/reply-line/reply-line.ts';
import { Items } from '../items/items.ts';
import { BaseVectors } from '../recommender/base-vectors.ts';
import { CurrentCatalogue } from '../recommender/catalogue.ts';
import { Explanations } from '../recommender/explanations.ts';
import { PreparedUsers } from '../recommender/prepared-users.ts';
import { Ranking } from '../recommender/ranking.ts';
import { openRecommenderBundle, recommenderMixture } from '../recommender/recommender-bundle.ts';
import { openBundleFolder } from '../registry/bundle-folder.ts';
import { LivePointer } from '../registry/live-pointer.ts';
import { UserStates } from '../user-state/user-states.ts';
import { AskExperts } from './ask-experts.ts';
import { ComputeAnswer, type OpenBundle } from './compute-answer.ts';
import { settleSyntheticUsers } from './first-start.ts';

/** Where the recommender finds the outside world. */
export interface RecommenderWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: EventLog;
  readonly records: Records;
  readonly cache: Cache;
  readonly modelRunner: ModelRunner;
  readonly aggregatorLine: AggregatorLine;
  /** Settings `MODELS_DIR` and `COLLECT_MS`. */
  readonly modelsDir: string;
  readonly collectMs: number;
  /** Whether records that know nobody get the users of our own world at the very first start. */
  readonly settlesUsers: boolean;
}

/** The recommender mixture at an aggregator: its live bundle, its experts' workers, and answers. */
export class Recommender implements Answerer {
  readonly #world: RecommenderWorld;
  readonly #experts: AskExperts;
  readonly #open: OpenBundle;
  readonly #base: BaseVectors;
  readonly #compute: ComputeAnswer;
  readonly #isProposed: boolean;

  private constructor(
    world: RecommenderWorld,
    open: OpenBundle & { readonly base: BaseVectors },
    isProposed: boolean,
  ) {
    this.#world = world;
    this.#isProposed = isProposed;
    this.#open = open;
    this.#base = open.base;
    const board = new PresenceBoard(world.random);
    this.#experts = new AskExperts({ ...world, line: world.aggregatorLine, board });
    this.#compute = new ComputeAnswer({
      ...world,
      items: new Items(world),
      experts: this.#experts,
      board,
    });
  }

  /**
   * Opens the live bundle, or the one that is to be the first, and starts to listen for workers.
   * @throws ChorusError `bundle_rejected` when there is none or it is broken.
   */
  static async open(world: RecommenderWorld): Promise<Recommender> {
    const pointer = new LivePointer(world.records, world.clock);
    const { version, isLive } = await pointer.readOrPropose(recommenderMixture, world.modelsDir);
    const contents = await openBundleFolder(world.modelsDir, recommenderMixture, version);
    const bundle = openRecommenderBundle(contents);
    // Before the pointer is written, and never after: users who were deleted must not come back.
    if (world.settlesUsers && !isLive) {
      await settleSyntheticUsers(contents.manifest, new UserStates(world));
    }
    const topics = bundle.experts.map((expert) => taskTopic(recommenderMixture, expert));
    await world.log.ensureTopics(topics);
    const { clock, modelRunner } = world;
    const [base, ranking, explanations] = await Promise.all([
      BaseVectors.open(modelRunner, bundle),
      Ranking.open(modelRunner, bundle, clock),
      Explanations.open(modelRunner, bundle),
    ]);
    const states = new UserStates(world);
    const users = new PreparedUsers({
      bundle,
      base,
      clock,
      load: (tenant, userId, wanted) => states.state(tenant, userId, wanted),
    });
    const catalogue = new CurrentCatalogue(bundle);
    const open = { bundle, base, users, ranking, catalogue, explanations };
    const recommender = new Recommender(world, open, !isLive);
    await world.aggregatorLine.open(recommender.#experts);
    return recommender;
  }

  /**
   * At the very first start makes its bundle the live one: after the worker beside it, if any, has
   * found the experts good too.
   * @throws ChorusError `unavailable` when another process made another one live meanwhile.
   */
  async accept(): Promise<void> {
    if (!this.#isProposed) return;
    const { records, clock } = this.#world;
    await new LivePointer(records, clock).accept(recommenderMixture, this.#open.bundle.version);
  }

  /** @throws ChorusError `unknown_bundle` when the question names one that is not held here. */
  async answer(question: Question, signal: AbortSignal): Promise<Recommendation> {
    const held = `${recommenderMixture}/${this.#open.bundle.version}`;
    if (question.bundle !== '' && question.bundle !== held) {
      const message = `this aggregator holds ${held}, not ${question.bundle}`;
      throw new ChorusError('unknown_bundle', message);
    }
    return await this.#compute.run(question, this.#open, signal);
  }

  /** Ends the reply line and frees the bundle. Callers stop asking before. */
  async close(): Promise<void> {
    await this.#world.aggregatorLine.close();
    const { ranking, explanations } = this.#open;
    await Promise.all([this.#base.close(), ranking.close(), explanations.close()]);
  }
}
