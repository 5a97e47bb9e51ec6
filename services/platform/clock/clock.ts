/**
 * Time, as everything in Chorus sees it; nothing else reads a clock or sets a timer, so that the
 * same classes run on a virtual clock. Durations come from `monotonicUs`, dates from `nowMs`.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. For records and logs; may jump, so never for deadlines. */
  nowMs(): number;
  /** Microseconds since some start of this process; never goes back. */
  monotonicUs(): number;
  /** Runs `task` once, `delayMs` from now. A pending timer keeps the process alive. */
  after(delayMs: number, task: () => void): Timer;
  /** Runs `task` every `periodMs` until cancelled. Does not keep the process alive. */
  every(periodMs: number, task: () => void): Timer;
  /** Runs `task` once this event-loop turn's input has been handled: the moment to send what gathered. */
  nextTurn(task: () => void): void;
  /** Resolves `delayMs` from now; rejects with the signal's reason when that aborts first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Aborts with a `TimeoutError` `delayMs` from now. Does not keep the process alive. */
  timeout(delayMs: number): AbortSignal;
}

/** Something that will happen unless cancelled. */
export interface Timer {
  /** After this its task does not run any more. Harmless twice. */
  cancel(): void;
}
