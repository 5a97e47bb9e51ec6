import { ChorusError } from '../../domain/errors.ts';
import type { Question } from '../../domain/question.ts';
import type { Recommendation } from '../../domain/recommendation.ts';
import type { AnswerDesk, Answerer } from './answer-line.ts';

/** The aggregator's end where the gateway is in the same process: questions come as function calls. */
export class EmbeddedAnswerDesk implements AnswerDesk {
  readonly #answering = new Set<Promise<Recommendation>>();
  #answerer: Answerer | undefined;

  /** Whether it takes questions. */
  get isOpen(): boolean {
    return this.#answerer !== undefined;
  }

  open(answerer: Answerer): Promise<void> {
    this.#answerer = answerer;
    return Promise.resolve();
  }

  /** One question, from the gateway's end. */
  async ask(question: Question, signal: AbortSignal): Promise<Recommendation> {
    if (this.#answerer === undefined) {
      throw new ChorusError('unavailable', 'the aggregator of this process takes no questions');
    }
    const answering = this.#answerer.answer(question, signal);
    this.#answering.add(answering);
    try {
      return await answering;
    } catch (thrown) {
      throw ChorusError.from(thrown);
    } finally {
      this.#answering.delete(answering);
    }
  }

  async close(): Promise<void> {
    this.#answerer = undefined;
    await Promise.allSettled(this.#answering);
  }
}
