import type { ChorusError } from '../../../domain/errors.ts';
import type { Question } from '../../../domain/question.ts';
import type { Recommendation } from '../../../domain/recommendation.ts';
import type { Answerer } from '../answer-line.ts';
import { answerTo } from './sample.ts';

/** An aggregator that answers at once, or, while it is held, when it is told to. */
export class HeldAnswerer implements Answerer {
  /** Every question that arrived. */
  readonly asked: Question[] = [];
  /** Request ids of those that nobody waited for any more. */
  readonly abandoned: string[] = [];
  /** What a question gets instead of its answer. */
  failure: Error | undefined;
  isHeld = false;
  readonly #waiting: (() => void)[] = [];

  get askedIds(): string[] {
    return this.asked.map(({ request }) => request.requestId);
  }

  async answer(question: Question, signal: AbortSignal): Promise<Recommendation> {
    this.asked.push(question);
    signal.addEventListener('abort', () => this.abandoned.push(question.request.requestId));
    if (this.isHeld) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.failure !== undefined) throw this.failure;
    return answerTo(question);
  }

  /** Answers what waits, the newest first. */
  release(): void {
    this.isHeld = false;
    for (const answer of this.#waiting.splice(0).toReversed()) answer();
  }

  /** Fails everything from now on. */
  fail(error: ChorusError | Error): void {
    this.failure = error;
  }
}
