import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../training/seeded-random.ts';
import { pairedDifference } from './paired-difference.ts';

function drawer(seed = 1) {
  const random = new SeededRandom(seed);
  return (n: number): number => random.below(n);
}

describe('pairedDifference', () => {
  it('has an interval as wide as the differences let it be', () => {
    const random = new SeededRandom(5);
    const right = Float64Array.from({ length: 4000 }, () => random.normal() * 10);
    const left = right.map((value) => value + 0.1 + random.normal());
    const { mean, standardError, interval } = pairedDifference(left, right, drawer());
    // What both find hard (deviation 10) cancels: one deviation of 1 over 4,000 users is left.
    expect(standardError).toBeCloseTo(1 / Math.sqrt(4000), 2);
    expect(Math.abs(mean - 0.1)).toBeLessThan(4 / Math.sqrt(4000));
    expect(interval[0]).toBeCloseTo(mean - 1.96 * standardError, 2);
    expect(interval[1]).toBeCloseTo(mean + 1.96 * standardError, 2);
  });

  it('knows no doubt where every user differs alike', () => {
    const difference = pairedDifference(Float64Array.of(2, 3), Float64Array.of(1, 2), drawer());
    expect(difference).toEqual({ mean: 1, standardError: 0, interval: [1, 1] });
  });

  it('repeats with its seed', () => {
    const left = Float64Array.of(1, 0, 1, 0, 0);
    const right = Float64Array.of(0, 0, 1, 1, 0);
    const once = pairedDifference(left, right, drawer(3));
    expect(pairedDifference(left, right, drawer(3))).toEqual(once);
  });
});
