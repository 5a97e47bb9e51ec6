import type { Choice } from '../domain/routing.ts';
import type { TaskDraft } from '../domain/task.ts';
import { floatTensor, intTensor } from '../domain/tensor.ts';
import { agedWeights, type KnownHistory } from './history.ts';
import { type RecommenderBundle, recommenderMixture } from './recommender-bundle.ts';

/**
 * One task for each chosen expert: the history's rows and aged weights, which is all that a
 * recommender's expert computes from. A synchronous request has attempt 0.
 *
 * @param callId tells this call's replies from all others; callers choose request ids, so two of
 *   them may choose the same one.
 * @param deadlineUs when nobody waits any more, in µs of this process's monotonic clock.
 */
export function draftTasks(
  callId: string,
  bundle: RecommenderBundle,
  tenant: string,
  history: KnownHistory,
  choices: readonly Choice[],
  deadlineUs: number,
): readonly TaskDraft[] {
  const { halfLifeItems } = bundle.parameters.expertBlock;
  const shape = [1, history.rows.length];
  const tensors = [
    intTensor('items', shape, history.rows),
    floatTensor('weights', shape, agedWeights(history.weights, halfLifeItems)),
  ];
  return choices.map(({ expert }) => ({
    requestId: callId,
    attempt: 0,
    expert,
    tenant,
    mixture: recommenderMixture,
    bundle: bundle.version,
    lane: 'interactive',
    traceParent: '',
    tensors,
    deadlineUs,
  }));
}
