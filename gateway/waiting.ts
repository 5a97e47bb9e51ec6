import type { ChorusError } from '../services/domain/errors.ts';
import type { Patience } from '../services/domain/patience.ts';

/** Somebody who waits for an answer until it is there or they give up. */
export class Waiting implements Patience {
  readonly #whenOver: (reason: ChorusError) => void;
  #reason: ChorusError | undefined;
  #controller: AbortController | undefined;

  /** @param whenOver told at once when they give up. */
  constructor(whenOver: (reason: ChorusError) => void) {
    this.#whenOver = whenOver;
  }

  get isOver(): boolean {
    return this.#reason !== undefined;
  }

  // Made when it is first asked for: it costs more than looking up a remembered answer.
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** They wait no longer; the first reason counts. */
  giveUp(reason: ChorusError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#whenOver(reason);
    this.#controller?.abort(reason);
  }
}
