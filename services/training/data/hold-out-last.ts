import { ChorusError } from '../../domain/errors.ts';
import { sharedFloat64, sharedInt32 } from '../threads/shared-arrays.ts';
import { type Interactions } from './interactions.ts';

/** Interactions cut in two: what a model may learn from, and what it is asked for. */
export interface HeldOut {
  readonly training: Interactions;
  /** For each user the row of the item held out; −1 for those with one item only. */
  readonly lastRows: Int32Array;
}

/**
 * Holds out each user's last item (leave-last-out). Which one that is among equal times, the order
 * within the history decides: the reader's.
 * @throws ChorusError `invalid_argument` for data without times, which has no last item.
 */
export function holdOutLast(interactions: Interactions): HeldOut {
  const { offsets, users, itemRows, weights, timesMs } = interactions;
  if (timesMs === null) {
    const message = `${interactions.source} has no times, so nobody has a last item to hold out`;
    throw new ChorusError('invalid_argument', message);
  }
  const kept: number[] = [];
  const cut = sharedInt32(users.length + 1);
  const lastRows = new Int32Array(users.length).fill(-1);
  for (let user = 0; user < users.length; user += 1) {
    const start = offsets[user] ?? 0;
    const end = offsets[user + 1] ?? 0;
    const isHeld = end - start > 1;
    if (isHeld) lastRows[user] = itemRows[end - 1] ?? -1;
    for (let at = start; at < (isHeld ? end - 1 : end); at += 1) kept.push(at);
    cut[user + 1] = kept.length;
  }
  const training = {
    ...interactions,
    offsets: cut,
    itemRows: sharedInt32(kept.map((at) => itemRows[at] ?? 0)),
    weights: sharedFloat64(kept.map((at) => weights[at] ?? 0)),
    timesMs: Float64Array.from(kept, (at) => timesMs[at] ?? 0),
  };
  return { training, lastRows };
}
