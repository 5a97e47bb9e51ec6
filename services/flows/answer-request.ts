import type { AnswerCache, AnswerContext } from '../answer-cache/answer-cache.ts';
import type { Budget } from '../domain/budget.ts';
import type { Recommendation, RecommendRequest } from '../domain/recommendation.ts';
import type { Clock } from '../platform/clock/clock.ts';
import type { UserStates } from '../user-state/user-states.ts';
import type { ComputeAnswer, OpenBundle } from './compute-answer.ts';

/** What answering works with. */
export interface AnswerRequestParts {
  /** The bundle that is live at this moment. */
  readonly live: () => OpenBundle;
  readonly users: UserStates;
  readonly answers: AnswerCache;
  readonly compute: ComputeAnswer;
  readonly clock: Clock;
}

/**
 * One request from arrival to answer: choose the bundle → read the user's version → look in the
 * cache → [ load the user's state and compute ] → remember → answer.
 */
export class AnswerRequest {
  readonly #parts: AnswerRequestParts;

  constructor(parts: AnswerRequestParts) {
    this.#parts = parts;
  }

  /** @throws ChorusError `unavailable` when neither cache nor records can tell the user's state. */
  async run(request: RecommendRequest, budget: Budget): Promise<Recommendation> {
    const { live, users, answers, compute } = this.#parts;
    const bundle = live();
    const version = await users.version(request.tenant, request.userId);
    const context: AnswerContext = { bundle: bundle.bundle.version, userVersion: version };
    const remembered = await answers.recall(request, context);
    if (remembered !== undefined) return this.#again(remembered, request, budget);
    const state = await users.state(request.tenant, request.userId, version);
    const answer = await compute.run(request, bundle, state, budget);
    await answers.remember(request, { ...context, userVersion: state.version }, answer);
    return answer;
  }

  /** A remembered answer as an answer to this request. */
  #again(remembered: Recommendation, request: RecommendRequest, budget: Budget): Recommendation {
    const totalUs = this.#parts.clock.monotonicUs() - budget.arrivedUs;
    const none = { featuresUs: 0, routeUs: 0, expertsUs: 0, rankUs: 0 };
    return {
      ...remembered,
      requestId: request.requestId,
      cached: true,
      timings: { totalUs, lookupUs: totalUs, ...none },
    };
  }
}
