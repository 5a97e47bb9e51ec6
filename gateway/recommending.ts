import { ChorusError } from '../services/domain/errors.ts';
import type { Patience } from '../services/domain/patience.ts';
import type { Recommendation, RecommendRequest } from '../services/domain/recommendation.ts';
import type { AnswerRequest } from '../services/flows/answer-request.ts';
import type { Clock } from '../services/platform/clock/clock.ts';
import type { Random } from '../services/platform/random/random.ts';
import type { Caller } from './caller.ts';
import { counted } from './counted.ts';
import { checkMessage } from './messages/check-message.ts';
import { recommendBody, toRecommendRequest } from './messages/recommend.ts';
import { Waiting } from './waiting.ts';

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
        this.#whileWaited(caller, budgetMs, (patience) =>
          answerRequest.run(request, arrival, patience),
        ),
      ({ degraded }) => (degraded ? 'degraded' : 'ok'),
    );
  }

  /** Whatever the work below waits for, it is given up when the budget is over or the caller left. */
  async #whileWaited<Answer>(
    caller: Caller,
    budgetMs: number,
    answer: (patience: Patience) => Promise<Answer>,
  ): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const waiting = new Waiting(reject);
    const timer = this.#parts.clock.after(budgetMs, () => {
      waiting.giveUp(new ChorusError('deadline_exceeded', `no answer within ${budgetMs} ms`));
    });
    const watchNoMore = caller.whenGone((reason) => waiting.giveUp(reason));
    answer(waiting).then(resolve, reject);
    try {
      return await promise;
    } finally {
      timer.cancel();
      watchNoMore();
    }
  }
}
