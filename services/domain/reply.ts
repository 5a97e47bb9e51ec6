import type { ErrorCode } from './errors.ts';
import type { TaskKey } from './task.ts';
import type { Tensor } from './tensor.ts';

/** How long one task spent where, in µs. */
export interface TaskTimings {
  /** From the worker's receipt of the task to the start of its run. */
  readonly queueUs: number;
  /** The model's run, shared by the whole batch. */
  readonly runUs: number;
  /** Rows in the batch that it ran in. */
  readonly batchRows: number;
}

/** Why a task gave no output. */
export interface TaskFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** An expert's output for one task: tensors, or a piece of text, or a typed error. */
export interface Reply extends TaskKey {
  readonly delivery: number;
  readonly mixture: string;
  /** Version of the bundle that ran it; replies of different bundles are never mixed. */
  readonly bundle: string;
  readonly workerId: string;
  readonly tensors: readonly Tensor[];
  /** A piece of generated text, of mixtures that stream; empty otherwise. */
  readonly textDelta: string;
  /** False while more deltas of the same task follow. */
  readonly last: boolean;
  readonly timings: TaskTimings;
  readonly error?: TaskFailure | undefined;
}
