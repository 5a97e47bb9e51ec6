/** A mean difference between two models and how sure it is. */
export interface PairedDifference {
  readonly mean: number;
  /** Standard error: the spread of the mean over resampled users. */
  readonly standardError: number;
  /** The middle 95 % of the means over resampled users. */
  readonly interval: readonly [low: number, high: number];
}

/**
 * The mean of left − right over users, with its bootstrap interval: users are drawn anew with
 * replacement, each with his own difference, so what both models find hard cancels out.
 * @param below draws a whole number, 0 to n − 1.
 * @param draws resamplings of all users.
 */
export function pairedDifference(
  left: Float64Array,
  right: Float64Array,
  below: (n: number) => number,
  draws = 2000,
): PairedDifference {
  const users = left.length;
  const differences = left.map((value, user) => value - (right[user] ?? NaN));
  const means = new Float64Array(draws).map(() => {
    let sum = 0;
    for (let drawn = 0; drawn < users; drawn += 1) sum += differences[below(users)] ?? 0;
    return sum / users;
  });
  means.sort();
  const mean = averageOf(differences);
  const centre = averageOf(means);
  const variance = means.reduce((sum, value) => sum + (value - centre) ** 2, 0) / draws;
  const quantile = (share: number): number => means[Math.round(share * (draws - 1))] ?? NaN;
  return {
    mean,
    standardError: Math.sqrt(variance),
    interval: [quantile(0.025), quantile(0.975)],
  };
}

function averageOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
