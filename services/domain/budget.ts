/** How long a request may take, counted from its arrival on this process's monotonic clock. */
export interface Budget {
  /** When the request arrived, in µs of the monotonic clock. */
  readonly arrivedUs: number;
  /** Time from arrival to the latest answer, in ms. */
  readonly budgetMs: number;
}

/** How a request came in, whatever it asks. */
export interface Arrival {
  readonly budget: Budget;
  /** W3C traceparent, as its caller said it; empty when the request is not traced. */
  readonly traceParent: string;
}
