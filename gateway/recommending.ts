import { ChorusError } from '../services/domain/errors.ts';
import type { Recommendation } from '../services/domain/recommendation.ts';
import type { AnswerRequest } from '../services/flows/answer-request.ts';
import type { Clock } from '../services/platform/clock/clock.ts';
import type { Random } from '../services/platform/random/random.ts';
import { metrics } from '../services/platform/telemetry/metrics.ts';
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
   * @param budgetMs what the caller gave it; undefined for the default.
   * @throws ChorusError `deadline_exceeded` when not even the base can answer in time.
   */
  async answer(
    body: RecommendBody,
    surface: 'http' | 'grpc',
    budgetMs: number | undefined,
  ): Promise<Recommendation> {
    const { answerRequest, clock, random, defaultDeadlineMs } = this.#parts;
    const budget = { arrivedUs: clock.monotonicUs(), budgetMs: budgetMs ?? defaultDeadlineMs };
    const labels = { surface, lane: 'interactive' } as const;
    try {
      const request = toRecommendRequest(body, random.id());
      const answer = await this.#inTime(budget.budgetMs, (signal) =>
        answerRequest.run(request, budget, signal),
      );
      metrics.requests.inc({ ...labels, outcome: answer.degraded ? 'degraded' : 'ok' });
      return answer;
    } catch (thrown) {
      const error = ChorusError.from(thrown);
      metrics.requests.inc({ ...labels, outcome: error.code });
      throw error;
    } finally {
      metrics.requestDuration.observe(labels, (clock.monotonicUs() - budget.arrivedUs) / 1e6);
    }
  }

  /** Whatever the work below waits for, it is given up when the budget is over. */
  async #inTime<Answer>(
    budgetMs: number,
    answer: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    const over = new AbortController();
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = this.#parts.clock.after(budgetMs, () => {
      const error = new ChorusError('deadline_exceeded', `no answer within ${budgetMs} ms`);
      reject(error);
      over.abort(error);
    });
    try {
      return await Promise.race([answer(over.signal), promise]);
    } finally {
      timer.cancel();
    }
  }
}
