/** Wakes a reader that waits for new records; counts, so that a ring between looking and waiting is not missed. */
export class Bell {
  #rings = 0;
  readonly #waiting = new Set<() => void>();

  get rings(): number {
    return this.#rings;
  }

  ring(): void {
    this.#rings += 1;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Resolves once it has rung more often than `heard`, or when the signal aborts. */
  async wait(heard: number, signal: AbortSignal): Promise<void> {
    if (this.#rings > heard || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    this.#waiting.add(wake);
    signal.addEventListener('abort', wake, { once: true });
    await promise;
    // A reader waits thousands of times with one signal.
    signal.removeEventListener('abort', wake);
    this.#waiting.delete(wake);
  }
}
