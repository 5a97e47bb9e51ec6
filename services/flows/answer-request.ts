import type { AnswerCache } from '../answer-cache/answer-cache.ts';
import type { Budget } from '../domain/budget.ts';
import { ChorusError } from '../domain/errors.ts';
import type { Question } from '../domain/question.ts';
import type { Recommendation, RecommendRequest } from '../domain/recommendation.ts';
import type { AnswerLine } from '../platform/answer-line/answer-line.ts';
import type { Clock } from '../platform/clock/clock.ts';
import type { UserStates } from '../user-state/user-states.ts';

/** What answering works with. */
export interface AnswerRequestParts {
  /** `<mixture>/<version>` that is live at this moment; empty while nobody has chosen one. */
  readonly liveBundle: () => string;
  readonly users: Pick<UserStates, 'version'>;
  readonly answers: AnswerCache;
  /** Leads to the aggregator, beside us or in a process of its own. */
  readonly line: Pick<AnswerLine, 'ask'>;
  readonly clock: Clock;
}

/**
 * One request from arrival to answer: choose the bundle → read the user's version → look in the
 * cache → [ aggregate: `compute-answer.ts` ] → remember → answer.
 */
export class AnswerRequest {
  readonly #parts: AnswerRequestParts;

  constructor(parts: AnswerRequestParts) {
    this.#parts = parts;
  }

  /**
   * @param signal aborts when nobody waits for the answer any more.
   * @throws ChorusError `unavailable` when neither cache nor records can tell the user's version,
   *   or no aggregator can be asked; what the aggregator says; the signal's reason.
   */
  async run(
    request: RecommendRequest,
    budget: Budget,
    signal: AbortSignal,
  ): Promise<Recommendation> {
    const { liveBundle, users, answers } = this.#parts;
    const bundle = liveBundle();
    const userVersion = await users.version(request.tenant, request.userId);
    const remembered = await answers.recall(request, { bundle, userVersion });
    if (remembered !== undefined) return this.#again(remembered, request, budget);
    const answer = await this.#aggregate({ request, bundle, userVersion, budget }, signal);
    // Not awaited: the cache never fails, and the caller need not wait for it.
    void answers.remember(request, answer);
    return { ...answer, timings: { ...answer.timings, totalUs: this.#sinceUs(budget) } };
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

  /** A remembered answer as an answer to this request. */
  #again(remembered: Recommendation, request: RecommendRequest, budget: Budget): Recommendation {
    const totalUs = this.#sinceUs(budget);
    const none = { featuresUs: 0, routeUs: 0, expertsUs: 0, rankUs: 0 };
    return {
      ...remembered,
      requestId: request.requestId,
      cached: true,
      timings: { totalUs, lookupUs: totalUs, ...none },
    };
  }

  #sinceUs({ arrivedUs }: Budget): number {
    return this.#parts.clock.monotonicUs() - arrivedUs;
  }
}
