import { combine } from '../aggregation/combine.ts';
import type { Collected } from '../aggregation/reply-inbox.ts';
import type { PresenceBoard } from '../dispatch/presence-board.ts';
import type { Budget } from '../domain/budget.ts';
import { ChorusError } from '../domain/errors.ts';
import type { Question } from '../domain/question.ts';
import type { ExpertShare, Recommendation } from '../domain/recommendation.ts';
import type { Route } from '../domain/routing.ts';
import type { Clock } from '../platform/clock/clock.ts';
import type { Random } from '../platform/random/random.ts';
import { metrics } from '../platform/telemetry/metrics.ts';
import type { Items } from '../items/items.ts';
import type { BaseVectors } from '../recommender/base-vectors.ts';
import type { CurrentCatalogue } from '../recommender/catalogue.ts';
import { draftTasks } from '../recommender/draft-tasks.ts';
import type { Explanations } from '../recommender/explanations.ts';
import { gateProbabilities } from '../recommender/gate.ts';
import { scaleUser } from '../recommender/head.ts';
import { knownHistory } from '../recommender/history.ts';
import { contestants, rankItems, scoreRows } from '../recommender/rank-items.ts';
import {
  expertOutput,
  type RecommenderBundle,
  recommenderMixture,
} from '../recommender/recommender-bundle.ts';
import { sequenceScores } from '../recommender/sequence-scores.ts';
import { chooseExperts } from '../routing/choose-experts.ts';
import type { UserStates } from '../user-state/user-states.ts';
import type { AskExperts } from './ask-experts.ts';

/** A bundle that can answer: its numbers, its base vectors, its catalogue as it is now. */
export interface OpenBundle {
  readonly bundle: RecommenderBundle;
  readonly base: BaseVectors;
  readonly catalogue: CurrentCatalogue;
  readonly explanations: Explanations;
}

/** What computing an answer works with. */
export interface ComputeAnswerParts {
  readonly users: Pick<UserStates, 'state'>;
  readonly items: Pick<Items, 'overlay'>;
  readonly experts: AskExperts;
  readonly board: PresenceBoard;
  readonly clock: Clock;
  readonly random: Random;
  /** Longest wait for experts, counted from the request's arrival, in ms (setting `COLLECT_MS`). */
  readonly collectMs: number;
}

/** Kept of the budget for combining and ranking, in ms. */
const rankReserveMs = 10;

/**
 * The aggregator's part of an answer: load the user's state → features → route → publish one task per chosen expert →
 * collect replies until enough or out of time → combine → head → rank.
 */
export class ComputeAnswer {
  readonly #parts: ComputeAnswerParts;

  constructor(parts: ComputeAnswerParts) {
    this.#parts = parts;
  }

  /**
   * With no expert there it answers from the base alone, marked `degraded`.
   * @param signal aborts when nobody waits for the answer any more.
   * @throws ChorusError `unavailable` when the user's state can be had neither from the cache nor
   *   from the records; the signal's reason.
   */
  async run(
    { request, userVersion, itemsVersion, budget }: Question,
    { bundle, base, ...open }: OpenBundle,
    signal: AbortSignal,
  ): Promise<Recommendation> {
    const { clock, experts, random, users, items } = this.#parts;
    const startedUs = clock.monotonicUs();
    const [state, overlay] = await Promise.all([
      users.state(request.tenant, request.userId, userVersion),
      items.overlay(request.tenant, itemsVersion),
    ]);
    refuseIfOver(signal);
    const catalogue = open.catalogue.under(overlay);
    const history = knownHistory(bundle, catalogue, state, request);
    const vectors = await base.of(history);
    const preparedUs = clock.monotonicUs();

    const route = this.#route(bundle, vectors, history.rows.length > 0);
    const routedUs = clock.monotonicUs();

    const due = deadlineUs(budget);
    const callId = random.id();
    const tasks = draftTasks(callId, bundle, request.tenant, history, route.choices, due);
    const collected = await experts.run(tasks, this.#waitMs(budget), signal);
    const collectedUs = clock.monotonicUs();
    refuseIfOver(signal);

    const { width } = bundle.expertBlock;
    const combined = combine(route.choices, collected.replies, expertOutput, width);
    const mixed = combined.parts.size > 0 ? combined.vector : undefined;
    const user = scaleUser(bundle, vectors, mixed);
    const contest = contestants(catalogue, request, history.seen);
    const sequence = sequenceScores(bundle, history.rows);
    const scores = scoreRows(bundle, user, sequence, contest.rows, catalogue.addedHead);
    const ranked = rankItems(catalogue, contest.rows, scores, request.topN);
    const parts = { catalogue, history, user, parts: combined.parts, sequence };
    const shown = request.explain ? await open.explanations.explain(parts, ranked) : ranked;

    const endedUs = clock.monotonicUs();
    const shares = sharesOf(route, collected, combined);
    return {
      requestId: request.requestId,
      bundle: `${recommenderMixture}/${bundle.version}`,
      userVersion: state.version,
      itemsVersion: catalogue.version,
      items: shown,
      experts: shares,
      timings: {
        totalUs: endedUs - budget.arrivedUs,
        lookupUs: startedUs - budget.arrivedUs,
        featuresUs: preparedUs - startedUs,
        routeUs: routedUs - preparedUs,
        expertsUs: collectedUs - routedUs,
        rankUs: endedUs - collectedUs,
      },
      degraded: shares.some(({ status }) => status !== 'answered'),
      cached: false,
      path: history.path,
      unknownCandidates: contest.unknown,
    };
  }

  #route(
    bundle: RecommenderBundle,
    vectors: readonly Float32Array[],
    isAnythingKnown: boolean,
  ): Route {
    const { gate } = bundle.parameters;
    const probabilities = gateProbabilities(gate, vectors[gate.block] ?? new Float32Array(0));
    // Experts compute from the history: without one they have nothing to say, popularity answers.
    const limits = isAnythingKnown ? gate : { ...gate, minExperts: 0, maxExperts: 0 };
    const route = chooseExperts(bundle.experts, probabilities, limits, (expert) =>
      this.#parts.board.isPresent({ mixture: recommenderMixture, bundle: bundle.version, expert }),
    );
    metrics.routeExperts.observe(route.choices.length);
    return route;
  }

  #waitMs({ arrivedUs, budgetMs }: Budget): number {
    const spentMs = (this.#parts.clock.monotonicUs() - arrivedUs) / 1000;
    return Math.max(0, Math.min(this.#parts.collectMs, budgetMs - rankReserveMs) - spentMs);
  }
}

function refuseIfOver(signal: AbortSignal): void {
  if (signal.aborted) throw ChorusError.from(signal.reason, 'cancelled');
}

function deadlineUs({ arrivedUs, budgetMs }: Budget): number {
  return arrivedUs + budgetMs * 1000;
}

/** Every expert of the route and what became of it, those whose places others took included. */
function sharesOf(
  route: Route,
  collected: Collected,
  combined: ReturnType<typeof combine>,
): readonly ExpertShare[] {
  const chosen = route.choices.map(({ expert }): ExpertShare => {
    const part = combined.parts.get(expert);
    if (part !== undefined) return { expert, weight: part.weight, status: 'answered' };
    if (collected.late.includes(expert)) return { expert, weight: 0, status: 'late' };
    const code = collected.failures.get(expert)?.code;
    const isAbsent = code === 'unknown_bundle' || code === 'unavailable';
    return { expert, weight: 0, status: isAbsent ? 'absent' : 'failed' };
  });
  const absent = route.absent.map((expert): ExpertShare => ({
    expert,
    weight: 0,
    status: 'absent',
  }));
  return [...chosen, ...absent];
}
