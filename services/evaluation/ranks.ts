import { ChorusError } from '../domain/errors.ts';

/** One item held out and those that it is ranked among. Numbers are places among the scores. */
export interface SampledCase {
  /** The item held out. */
  readonly target: number;
  /** Items that the user never met, without the target. */
  readonly negatives: Int32Array;
}

/** What a user is asked about, as rows of the catalogue. */
export interface RankedCase extends SampledCase {
  /** What the user met before: these compete in no full ranking. */
  readonly met: Int32Array;
}

/**
 * Rank among negatives, 0 the best: the negatives above the target and half of those level with it
 * (He et al. 2017; Rendle et al. 2020).
 */
export function sampledRank(scores: ArrayLike<number>, { target, negatives }: SampledCase): number {
  const mine = scores[target] ?? NaN;
  let rank = 0;
  for (const negative of negatives) {
    const score = scores[negative] ?? NaN;
    if (score > mine) rank += 1;
    else if (score === mine) rank += 0.5;
  }
  return rank;
}

/** Rank among all items but those that the user met before: how many lie strictly above the target. */
export function fullRank(scores: ArrayLike<number>, { target, met }: RankedCase): number {
  const mine = scores[target] ?? NaN;
  let rank = 0;
  for (let row = 0; row < scores.length; row += 1) if ((scores[row] ?? NaN) > mine) rank += 1;
  for (const row of new Set(met)) if ((scores[row] ?? NaN) > mine) rank -= 1;
  return rank;
}

/**
 * Nothing is above NaN, so scores that are not finite would rank first: refused before ranking.
 * @throws ChorusError `model_failed`.
 */
export function requireFinite(scores: ArrayLike<number>, whose: string): void {
  for (let row = 0; row < scores.length; row += 1) {
    if (Number.isFinite(scores[row])) continue;
    throw new ChorusError('model_failed', `${whose}: the score of row ${row} is ${scores[row]}`);
  }
}
