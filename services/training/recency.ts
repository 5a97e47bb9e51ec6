import { type Interactions } from './data/interactions.ts';
import { sharedFloat64 } from './threads/shared-arrays.ts';

/**
 * Weights of a user's past items: an item met `halfLifeItems` items ago counts half of the last
 * one, w = 0.5^(age / halfLife). All weigh alike where that is null.
 */
export function recencyWeights(
  interactions: Interactions,
  halfLifeItems: number | null,
): Float64Array {
  const weights = sharedFloat64(interactions.weights);
  if (halfLifeItems === null) return weights;
  const { offsets, users } = interactions;
  for (let user = 0; user < users.length; user += 1) {
    const last = (offsets[user + 1] ?? 0) - 1;
    for (let at = offsets[user] ?? 0; at <= last; at += 1) {
      weights[at] = (weights[at] ?? 0) * 0.5 ** ((last - at) / halfLifeItems);
    }
  }
  return weights;
}
