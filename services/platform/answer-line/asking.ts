import { ChorusError } from '../../domain/errors.ts';
import type { Question } from '../../domain/question.ts';
import type { Recommendation } from '../../domain/recommendation.ts';

/** A question and who waits for its answer. Settles once. */
export class Asking {
  readonly question: Question;
  /** What the caller awaits. */
  readonly answer: Promise<Recommendation>;
  /** Told when the caller gives up. */
  whenGivenUp: () => void = () => undefined;
  readonly #signal: AbortSignal;
  readonly #resolve: (answer: Recommendation) => void;
  readonly #reject: (error: ChorusError) => void;
  readonly #giveUp = (): void => {
    this.settle(ChorusError.from(this.#signal.reason, 'cancelled'));
    this.whenGivenUp();
  };

  /** @param signal not aborted yet; ends the waiting. */
  constructor(question: Question, signal: AbortSignal) {
    const { promise, resolve, reject } = Promise.withResolvers<Recommendation>();
    this.question = question;
    this.answer = promise;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    signal.addEventListener('abort', this.#giveUp, { once: true });
  }

  /** Hands the outcome to the caller; the first one counts. */
  settle(outcome: Recommendation | ChorusError): void {
    this.#signal.removeEventListener('abort', this.#giveUp);
    if (outcome instanceof ChorusError) this.#reject(outcome);
    else this.#resolve(outcome);
  }
}
