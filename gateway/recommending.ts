import { ChorusError } from '../services/domain/errors.ts';
import type { Recommendation } from '../services/domain/recommendation.ts';
import type { AnswerRequest } from '../services/flows/answer-request.ts';
import type { Clock } from '../services/platform/clock/clock.ts';
import type { Random } from '../services/platform/random/random.ts';
import type { Caller } from './caller.ts';
import { counted } from './counted.ts';
import { checkMessage } from './messages/check-message.ts';
import { type RecommendBody, recommendBody, toRecommendRequest } from './messages/recommend.ts';

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
  check(body: unknown): RecommendBody {
    return checkMessage(recommendBody, body);
  }

  /**
   * @throws ChorusError `deadline_exceeded` when not even the base can answer in time;
   *   `cancelled` when the caller left before.
   */
  async answer(body: RecommendBody, caller: Caller): Promise<Recommendation> {
    const { answerRequest, clock, random, defaultDeadlineMs } = this.#parts;
    const budgetMs = caller.budgetMs ?? defaultDeadlineMs;
    const { traceParent } = caller;
    const arrival = { budget: { arrivedUs: clock.monotonicUs(), budgetMs }, traceParent };
    const request = toRecommendRequest(body, random.id());
    return await counted(
      caller.surface,
      clock,
      () =>
        this.#whileWaited(caller, budgetMs, (signal) =>
          answerRequest.run(request, arrival, signal),
        ),
      ({ degraded }) => (degraded ? 'degraded' : 'ok'),
    );
  }

  /** Whatever the work below waits for, it is given up when the budget is over or the caller left. */
  async #whileWaited<Answer>(
    caller: Caller,
    budgetMs: number,
    answer: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    const over = new AbortController();
    const { promise, reject } = Promise.withResolvers<never>();
    const giveUp = (reason: ChorusError): void => {
      reject(reason);
      over.abort(reason);
    };
    const timer = this.#parts.clock.after(budgetMs, () => {
      giveUp(new ChorusError('deadline_exceeded', `no answer within ${budgetMs} ms`));
    });
    const watchNoMore = caller.whenGone(giveUp);
    try {
      return await Promise.race([answer(over.signal), promise]);
    } finally {
      timer.cancel();
      watchNoMore();
    }
  }
}
