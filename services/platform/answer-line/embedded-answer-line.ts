import { ChorusError } from '../../domain/errors.ts';
import type { Question } from '../../domain/question.ts';
import type { Recommendation } from '../../domain/recommendation.ts';
import type { AnswerLine } from './answer-line.ts';
import type { EmbeddedAnswerDesk } from './embedded-answer-desk.ts';
import { unlessAborted } from './unless-aborted.ts';

/** The answer line of a process that plays both roles: function calls instead of streams. */
export class EmbeddedAnswerLine implements AnswerLine {
  readonly #desk: EmbeddedAnswerDesk;
  readonly #open = new Set<Promise<Recommendation>>();
  #isClosed = false;

  constructor(desk: EmbeddedAnswerDesk) {
    this.#desk = desk;
  }

  get isConnected(): boolean {
    return !this.#isClosed && this.#desk.isOpen;
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  async ask(question: Question, signal: AbortSignal): Promise<Recommendation> {
    if (this.#isClosed) throw new ChorusError('unavailable', 'this answer line is closed');
    if (signal.aborted) throw ChorusError.from(signal.reason, 'cancelled');
    const asking = unlessAborted(this.#desk.ask(question, signal), signal);
    this.#open.add(asking);
    try {
      return await asking;
    } finally {
      this.#open.delete(asking);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#open);
  }
}
