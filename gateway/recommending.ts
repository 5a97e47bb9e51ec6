import type { Recommendation, RecommendRequest } from '../services/domain/recommendation.ts';
import type { AnswerRequest } from '../services/flows/answer-request.ts';
import type { Clock } from '../services/platform/clock/clock.ts';
import type { Random } from '../services/platform/random/random.ts';
import type { Caller } from './caller.ts';
import { counted } from './counted.ts';
import { checkMessage } from './messages/check-message.ts';
import { recommendBody, toRecommendRequest } from './messages/recommend.ts';
import { whileWaited } from './while-waited.ts';

/** What the front door needs to recommend. */
export interface RecommendingParts {
  readonly answerRequest: Pick<AnswerRequest, 'run'>;
  readonly clock: Clock;
  readonly random: Random;
  /** Budget of a request that names none, in ms (setting `DEFAULT_DEADLINE_MS`). */
  readonly defaultDeadlineMs: number;
}

/** Admits a recommend request from either surface: checks it, gives it an id and a budget, counts its outcome. */
export class Recommending {
  readonly #parts: RecommendingParts;

  constructor(parts: RecommendingParts) {
    this.#parts = parts;
  }

  /** @throws ChorusError `invalid_argument` naming the field and what was expected. */
  check(body: unknown): RecommendRequest {
    return toRecommendRequest(checkMessage(recommendBody, body));
  }

  /**
   * @param asked gets an id when it has none.
   * @throws ChorusError `deadline_exceeded` when not even the base can answer in time;
   *   `cancelled` when the caller left before.
   */
  async answer(asked: RecommendRequest, caller: Caller): Promise<Recommendation> {
    const { answerRequest, clock, random, defaultDeadlineMs } = this.#parts;
    const budgetMs = caller.budgetMs ?? defaultDeadlineMs;
    const { traceParent } = caller;
    const arrival = { budget: { arrivedUs: clock.monotonicUs(), budgetMs }, traceParent };
    const request = asked.requestId === '' ? { ...asked, requestId: random.id() } : asked;
    return await counted(
      caller.surface,
      clock,
      () =>
        whileWaited({ caller, clock, budgetMs }, (patience) =>
          answerRequest.run(request, arrival, patience),
        ),
      ({ degraded }) => (degraded ? 'degraded' : 'ok'),
    );
  }
}
