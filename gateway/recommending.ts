import { ChorusError } from '../services/domain/errors.ts';
import type { Recommendation } from '../services/domain/recommendation.ts';
import type { AnswerRequest } from '../services/flows/answer-request.ts';
import type { Clock } from '../services/platform/clock/clock.ts';
import type { Random } from '../services/platform/random/random.ts';
import { metrics } from '../services/platform/telemetry/metrics.ts';
import { type RecommendBody, recommendBody, toRecommendRequest } from './messages/recommend.ts';

/** What the front door needs to recommend. */
export interface RecommendingParts {
  readonly answerRequest: AnswerRequest;
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
    const parsed = recommendBody.safeParse(body);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const unknownKeys = issue !== undefined && 'keys' in issue ? issue.keys.slice(0, 1) : [];
    const field = [...(issue?.path ?? []), ...unknownKeys].join('.');
    throw new ChorusError('invalid_argument', `${field}: ${issue?.message}`, { field });
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
      const answer = await this.#inTime(answerRequest.run(request, budget), budget.budgetMs);
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

  async #inTime(answering: Promise<Recommendation>, budgetMs: number): Promise<Recommendation> {
    return await new Promise((resolve, reject) => {
      const timer = this.#parts.clock.after(budgetMs, () => {
        reject(new ChorusError('deadline_exceeded', `no answer within ${budgetMs} ms`));
      });
      answering.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}
