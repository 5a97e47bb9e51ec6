import type { RecommendRequest } from '../domain/recommendation.ts';
import type { Choice } from '../domain/routing.ts';
import type { TaskDraft } from '../domain/task.ts';
import { floatTensor, intTensor } from '../domain/tensor.ts';
import { agedWeights, type KnownHistory } from './history.ts';
import { type RecommenderBundle, recommenderMixture } from './recommender-bundle.ts';

/**
 * One task for each chosen expert: the history's rows and aged weights, which is all that a
 * recommender's expert computes from. A synchronous request has attempt 0.
 *
 * @param deadlineUs when nobody waits any more, in µs of this process's monotonic clock.
 */
export function draftTasks(
  bundle: RecommenderBundle,
  request: RecommendRequest,
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
    requestId: request.requestId,
    attempt: 0,
    expert,
    tenant: request.tenant,
    mixture: recommenderMixture,
    bundle: bundle.version,
    lane: 'interactive',
    traceParent: '',
    tensors,
    deadlineUs,
  }));
}
