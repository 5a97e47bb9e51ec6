import type { ChorusError } from '../services/domain/errors.ts';

/** Where a request came in. */
export type Surface = 'http' | 'grpc';

/** Who waits for an answer, as far as its surface knows. */
export interface Caller {
  readonly surface: Surface;
  /** What the caller gave it, in ms; undefined for the default. */
  readonly budgetMs: number | undefined;
  /** W3C traceparent; empty when the caller traces nothing. */
  readonly traceParent: string;
  /**
   * Tells, once, when the caller hung up or cancelled: nobody waits any more.
   * @returns ends the watching.
   */
  whenGone(tell: (reason: ChorusError) => void): () => void;
}
