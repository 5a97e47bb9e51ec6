import { type SeededRandom } from '../seeded-random.ts';
import { sharedFloat64, sharedInt32 } from '../threads/shared-arrays.ts';
import { type Interactions } from './interactions.ts';

/** The same interactions with those of equal time in random order within their histories. */
export function shuffleTies(interactions: Interactions, random: SeededRandom): Interactions {
  const { offsets, users, itemRows, weights, timesMs } = interactions;
  if (timesMs === null) return interactions;
  const order: number[] = [];
  for (let user = 0; user < users.length; user += 1) {
    const history: { readonly at: number; readonly draw: number }[] = [];
    for (let at = offsets[user] ?? 0; at < (offsets[user + 1] ?? 0); at += 1) {
      history.push({ at, draw: random.uniform() });
    }
    history.sort((a, b) => (timesMs[a.at] ?? 0) - (timesMs[b.at] ?? 0) || a.draw - b.draw);
    for (const { at } of history) order.push(at);
  }
  return {
    ...interactions,
    itemRows: sharedInt32(order.map((at) => itemRows[at] ?? 0)),
    weights: sharedFloat64(order.map((at) => weights[at] ?? 0)),
    timesMs: Float64Array.from(order, (at) => timesMs[at] ?? 0),
  };
}
