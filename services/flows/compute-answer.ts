import { combine } from '../aggregation/combine.ts';
import type { PresenceBoard } from '../dispatch/presence-board.ts';
import type { Budget } from '../domain/budget.ts';
import { ChorusError } from '../domain/errors.ts';
import type { Question } from '../domain/question.ts';
import type { AnswerTimings, Recommendation } from '../domain/recommendation.ts';
import type { Route } from '../domain/routing.ts';
import type { Clock } from '../platform/clock/clock.ts';
import type { Random } from '../platform/random/random.ts';
import { metrics } from '../platform/telemetry/metrics.ts';
import type { Items } from '../items/items.ts';
import type { CurrentCatalogue } from '../recommender/catalogue.ts';
import { contestants, requireCandidates } from '../recommender/contest.ts';
import { tasksWith } from '../recommender/draft-tasks.ts';
import type { Explanations } from '../recommender/explanations.ts';
import { addExperts } from '../recommender/head.ts';
import type { PreparedUser } from '../recommender/prepared-user.ts';
import type { PreparedUsers } from '../recommender/prepared-users.ts';
import type { Ranking } from '../recommender/ranking.ts';
import {
  expertOutput,
  type RecommenderBundle,
  recommenderMixture,
} from '../recommender/recommender-bundle.ts';
import { chooseExperts } from '../routing/choose-experts.ts';
import type { AskExperts } from './ask-experts.ts';
import { expertShares } from './expert-shares.ts';

/** A bundle that can answer: its numbers, the users it prepared, its catalogue as it is now. */
export interface OpenBundle {
  readonly bundle: RecommenderBundle;
  readonly users: PreparedUsers;
  readonly ranking: Ranking;
  readonly catalogue: CurrentCatalogue;
  readonly explanations: Explanations;
}

/** What computing an answer works with. */
export interface ComputeAnswerParts {
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
   *   from the records; `invalid_argument` for no candidates in a catalogue too large to rank
   *   whole; the signal's reason.
   */
  async run(
    { request, userVersion, itemsVersion, budget, ...question }: Question,
    { bundle, users, ...open }: OpenBundle,
    signal: AbortSignal,
  ): Promise<Recommendation> {
    const { clock, experts, random, items } = this.#parts;
    const startedUs = clock.monotonicUs();
    const [user, overlay] = await Promise.all([
      users.ready(request, userVersion) ??
        users.prepare(request, userVersion, this.#waitMs(budget) / 2),
      items.overlay(request.tenant, itemsVersion),
    ]);
    refuseIfOver(signal);
    const catalogue = open.catalogue.under(overlay);
    requireCandidates(catalogue, request);
    const preparedUs = clock.monotonicUs();

    const route = this.#route(bundle, user);
    const routedUs = clock.monotonicUs();

    const { tenant } = request;
    const { lane, attempt, traceParent } = question;
    const due = { callId: random.id(), deadlineUs: deadlineUs(budget) };
    const origin = { ...due, tenant, lane, attempt, traceParent };
    const tasks = tasksWith(bundle, user.tensors, route.choices, origin);
    const collected = await experts.run(tasks, this.#waitMs(budget), signal);
    const collectedUs = clock.monotonicUs();
    refuseIfOver(signal);

    const { width } = bundle.expertBlock;
    const combined = combine(route.choices, collected.replies, expertOutput, width);
    const mixed = combined.parts.size > 0 ? combined.vector : undefined;
    const scaled = addExperts(bundle, user.base, mixed);
    const contest = contestants(catalogue, request, user.history);
    const { history, sequence } = user;
    const scoring = { user: scaled, sequence };
    const ranked = await open.ranking.best(catalogue, contest.rows, scoring, request.topN);
    const parts = { ...scoring, catalogue, history, parts: combined.parts };
    const shown = request.explain ? await open.explanations.explain(parts, ranked) : ranked;

    const endedUs = clock.monotonicUs();
    const timings = {
      totalUs: endedUs - budget.arrivedUs,
      lookupUs: startedUs - budget.arrivedUs,
      featuresUs: preparedUs - startedUs,
      routeUs: routedUs - preparedUs,
      expertsUs: collectedUs - routedUs,
      rankUs: endedUs - collectedUs,
    };
    observeStages(timings);
    const shares = expertShares(route, collected, combined);
    return {
      requestId: request.requestId,
      bundle: `${recommenderMixture}/${bundle.version}`,
      userVersion: user.version,
      itemsVersion: catalogue.version,
      items: shown,
      experts: shares,
      gates: Array.from(route.probabilities, toFourDecimals),
      timings,
      degraded: user.isBaseOld || shares.some(({ status }) => status !== 'answered'),
      cached: false,
      path: history.path,
      unknownCandidates: contest.unknown,
    };
  }

  #route(bundle: RecommenderBundle, { probabilities, history }: PreparedUser): Route {
    const { gate } = bundle.parameters;
    // Experts compute from the history: without one they have nothing to say, popularity answers.
    const limits = history.rows.length > 0 ? gate : { ...gate, minExperts: 0, maxExperts: 0 };
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

// Made once, because every answer uses them.
const stages = {
  lookup: { stage: 'lookup' },
  features: { stage: 'features' },
  route: { stage: 'route' },
  experts: { stage: 'experts' },
  rank: { stage: 'rank' },
} as const;

function observeStages(timings: AnswerTimings): void {
  const { stageDuration } = metrics;
  stageDuration.observe(stages.lookup, timings.lookupUs / 1e6);
  stageDuration.observe(stages.features, timings.featuresUs / 1e6);
  stageDuration.observe(stages.route, timings.routeUs / 1e6);
  stageDuration.observe(stages.experts, timings.expertsUs / 1e6);
  stageDuration.observe(stages.rank, timings.rankUs / 1e6);
}

/** As exact as training can use, and short in the caches that hold it as text. */
function toFourDecimals(probability: number): number {
  return Math.round(probability * 1e4) / 1e4;
}

function refuseIfOver(signal: AbortSignal): void {
  if (signal.aborted) throw ChorusError.from(signal.reason, 'cancelled');
}

function deadlineUs({ arrivedUs, budgetMs }: Budget): number {
  return arrivedUs + budgetMs * 1000;
}
