import type { AnswerCache } from '../answer-cache/answer-cache.ts';
import type { Arrival, Budget } from '../domain/budget.ts';
import { ChorusError } from '../domain/errors.ts';
import type { Patience } from '../domain/patience.ts';
import type { Question } from '../domain/question.ts';
import type { Recommendation, RecommendRequest } from '../domain/recommendation.ts';
import type { AnswerLine } from '../platform/answer-line/answer-line.ts';
import type { Clock } from '../platform/clock/clock.ts';
import { RememberedAnswer } from '../platform/wire/remembered-answer.ts';
import type { Exposures } from '../exposures/exposures.ts';
import type { Items } from '../items/items.ts';
import type { UserStates } from '../user-state/user-states.ts';

/** What answering works with. */
export interface AnswerRequestParts {
  /** `<mixture>/<version>` that is live at this moment; empty while nobody has chosen one. */
  readonly liveBundle: () => string;
  readonly users: Pick<UserStates, 'version'>;
  readonly items: Pick<Items, 'version'>;
  readonly answers: AnswerCache;
  /** Leads to the aggregator, beside us or in a process of its own. */
  readonly line: Pick<AnswerLine, 'ask'>;
  readonly exposures: Pick<Exposures, 'record'>;
  readonly clock: Clock;
}

/** Somebody waits; jobs run at the aggregator itself. */
const synchronous = { lane: 'interactive', attempt: 0 } as const;

/**
 * One request from arrival to answer: choose the bundle → read the versions of user and items →
 * look in the cache → [ aggregate: `compute-answer.ts` ] → remember → answer; then log the exposure.
 */
export class AnswerRequest {
  readonly #parts: AnswerRequestParts;

  constructor(parts: AnswerRequestParts) {
    this.#parts = parts;
  }

  /**
   * @throws ChorusError `unavailable` when neither cache nor records can tell the versions,
   *   or no aggregator can be asked; what the aggregator says; why nobody waits any more.
   */
  async run(
    request: RecommendRequest,
    { budget, traceParent }: Arrival,
    patience: Patience,
  ): Promise<Recommendation> {
    const { liveBundle, users, items, answers, exposures } = this.#parts;
    const bundle = liveBundle();
    const [userVersion, itemsVersion] = await Promise.all([
      users.version(request.tenant, request.userId),
      items.version(request.tenant),
    ]);
    const known = { bundle, userVersion, itemsVersion };
    const place = answers.placeOf(request, known);
    const remembered = await answers.recall(place);
    const answer =
      remembered ??
      (await this.#aggregate(
        { request, ...known, budget, traceParent, ...synchronous },
        patience.signal,
      ));
    // Not awaited: the cache never fails, and the caller need not wait for it.
    if (remembered === undefined) void answers.remember(request, place, answer);
    const shown = this.#timed(answer, request, budget);
    // Nobody saw what came too late.
    if (!patience.isOver) exposures.record(request, shown);
    return shown;
  }

  /**
   * A question names the bundle that is live. An aggregator that does not hold it, because it has
   * not loaded a promoted one yet or has dropped an old one already, says `unknown_bundle`; then it
   * is asked once more for whichever is live over there. The answer names the bundle that made it,
   * and is remembered under that.
   */
  async #aggregate(question: Question, signal: AbortSignal): Promise<Recommendation> {
    const { line } = this.#parts;
    try {
      return await line.ask(question, signal);
    } catch (thrown) {
      const error = ChorusError.from(thrown);
      if (error.code !== 'unknown_bundle' || question.bundle === '') throw error;
      return await line.ask({ ...question, bundle: '' }, signal);
    }
  }

  /** An answer with the whole time of this request; a remembered one becomes this request's own. */
  #timed(
    answer: Recommendation,
    { requestId }: RecommendRequest,
    { arrivedUs }: Budget,
  ): Recommendation {
    const totalUs = this.#parts.clock.monotonicUs() - arrivedUs;
    if (!(answer instanceof RememberedAnswer)) {
      return { ...answer, timings: { ...answer.timings, totalUs } };
    }
    const none = { featuresUs: 0, routeUs: 0, expertsUs: 0, rankUs: 0 };
    return answer.shown({ requestId, timings: { totalUs, lookupUs: totalUs, ...none } });
  }
}
