import type { Tensor } from './tensor.ts';

/** Which queue a task waits in: interactive requests before bulk jobs. */
export type Lane = 'interactive' | 'bulk';

/** What tells one task from all others: an aggregator counts a reply once per key. */
export interface TaskKey {
  readonly requestId: string;
  /** Of a durable job: fences results of earlier attempts. 0 for a synchronous request. */
  readonly attempt: number;
  readonly expert: string;
}

/** The call that a task belongs to, in one text: every request to experts has one of its own. */
export function callOf({ requestId, attempt }: Pick<TaskKey, 'requestId' | 'attempt'>): string {
  return attempt === 0 ? requestId : `${requestId}#${attempt}`;
}

/** One expert's share of one request: addressed mail to one worker process. */
export interface Task extends TaskKey {
  readonly tenant: string;
  /** Counts the sendings of this task, from 1; a second one follows a broken worker. */
  readonly delivery: number;
  readonly mixture: string;
  /** Version of the bundle that must run it. */
  readonly bundle: string;
  readonly lane: Lane;
  /** Random per start of the process that waits for the reply. */
  readonly aggregatorId: string;
  /** Random per start of the process that shall run it. */
  readonly workerId: string;
  /** Time left for the whole request when the task was sent, in ms. A duration, so clocks need not agree. */
  readonly budgetMs: number;
  /** When it was sent, in µs of the aggregator's monotonic clock. */
  readonly sentAtUs: number;
  /** W3C traceparent, empty when the request is not traced. */
  readonly traceParent: string;
  readonly tensors: readonly Tensor[];
}

/** A task before somebody was chosen to run it. */
export type TaskDraft = Omit<
  Task,
  'delivery' | 'aggregatorId' | 'workerId' | 'sentAtUs' | 'budgetMs'
> & {
  /** When nobody waits any more, in µs of this process's monotonic clock. */
  readonly deadlineUs: number;
};

/** The record header that names the addressee, so that anybody else drops a task undecoded. */
export const workerHeader = 'worker';
