import type { Choice } from '../domain/routing.ts';
import type { Question } from '../domain/question.ts';
import type { TaskDraft } from '../domain/task.ts';
import type { Tensor } from '../domain/tensor.ts';
import { type RecommenderBundle, recommenderMixture } from './recommender-bundle.ts';

/** Whose tasks they are, and until when. */
export interface TaskOrigin extends Pick<Question, 'lane' | 'attempt' | 'traceParent'> {
  /**
   * Tells this call's replies from all others; callers choose request ids, so two of them may
   * choose the same one.
   */
  readonly callId: string;
  readonly tenant: string;
  /** When nobody waits any more, in µs of this process's monotonic clock. */
  readonly deadlineUs: number;
}

/**
 * One task for each chosen expert.
 * @param tensors as `taskTensors` makes them; every task carries the same ones.
 */
export function tasksWith(
  bundle: RecommenderBundle,
  tensors: readonly Tensor[],
  choices: readonly Choice[],
  { callId, tenant, deadlineUs, lane, attempt, traceParent }: TaskOrigin,
): readonly TaskDraft[] {
  return choices.map(({ expert }) => ({
    requestId: callId,
    attempt,
    expert,
    tenant,
    mixture: recommenderMixture,
    bundle: bundle.version,
    lane,
    traceParent,
    tensors,
    deadlineUs,
  }));
}
