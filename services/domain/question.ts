import type { Budget } from './budget.ts';
import type { RecommendRequest } from './recommendation.ts';
import type { Lane } from './task.ts';

/** A request on its way from the gateway, which found no remembered answer, to an aggregator. */
export interface Question {
  readonly request: RecommendRequest;
  /** `<mixture>/<version>` that must answer; empty: the one that is live where the question arrives. */
  readonly bundle: string;
  /** Of the user's state, as the gateway read it a moment ago. */
  readonly userVersion: string;
  /** Of the catalogue's changes, as the gateway read it a moment ago. */
  readonly itemsVersion: string;
  /** Of the whole request, on the clock of the process that holds this question. */
  readonly budget: Budget;
  /** Which queue its tasks wait in. */
  readonly lane: Lane;
  /** Of a durable job, from 1; 0 for a synchronous request. */
  readonly attempt: number;
  /** W3C traceparent, empty when the request is not traced. */
  readonly traceParent: string;
}
