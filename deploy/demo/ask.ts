import type { RecommendReply } from '../../gateway/messages/recommend.ts';
import type { Clock } from '../../services/platform/clock/clock.ts';

/** What a demo asks. */
export interface Question {
  readonly user_id?: string;
  readonly session?: readonly { readonly item_id: string }[];
  readonly top_n: number;
}

const callMs = 5_000;
const warmUpMs = 30_000;
const pauseMs = 100;

/** Asks a running Chorus over HTTP. */
export class Asker {
  readonly #http: string;
  readonly #clock: Clock;

  /** @param http as the start-up line says it. */
  constructor(http: string, clock: Clock) {
    this.#http = http;
    this.#clock = clock;
  }

  /** @throws Error with the reply's text when it is no answer. */
  async ask(question: Question): Promise<RecommendReply> {
    const response = await fetch(`${this.#http}/v1/recommend`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-timeout-ms': `${callMs}` },
      body: JSON.stringify({ ...question, no_cache: true }),
      signal: this.#clock.timeout(callMs),
    });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    const answer: RecommendReply = JSON.parse(await response.text());
    return answer;
  }

  /** Asks until the answer is a full one: workers take a moment to be present. */
  async askUntilComplete(question: Question): Promise<RecommendReply> {
    const giveUpUs = this.#clock.monotonicUs() + warmUpMs * 1000;
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one question at a time
      const answer = await this.ask(question);
      if (!answer.degraded || this.#clock.monotonicUs() > giveUpUs) return answer;
      // oxlint-disable-next-line no-await-in-loop -- the pause is the point
      await this.#clock.sleep(pauseMs);
    }
  }
}
