/** Whether somebody still waits for an answer. */
export interface Patience {
  /** True from when nobody waits any more. */
  readonly isOver: boolean;
  /** Aborts when nobody waits any more, with the reason. */
  readonly signal: AbortSignal;
}
