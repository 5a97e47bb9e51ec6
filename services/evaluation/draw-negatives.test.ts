import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../training/seeded-random.ts';
import { drawNegatives } from './draw-negatives.ts';

describe('drawNegatives', () => {
  const random = new SeededRandom(1);
  const below = (n: number): number => random.below(n);

  it('draws different items that were never met, each as often as another', () => {
    const counts = new Float64Array(10);
    for (let round = 0; round < 4000; round += 1) {
      const drawn = drawNegatives(10, new Set([0, 7]), 4, below);
      expect(new Set(drawn).size).toBe(4);
      for (const row of drawn) counts[row] = (counts[row] ?? 0) + 1;
    }
    expect([counts[0], counts[7]]).toEqual([0, 0]);
    for (const count of counts.filter((_, row) => row % 7 > 0)) {
      expect(Math.abs(count - 2000)).toBeLessThan(5 * Math.sqrt(1000));
    }
  });

  it('gives all there are where those are too few', () => {
    const drawn = drawNegatives(4, new Set([1]), 99, below);
    expect([...drawn].toSorted((a, b) => a - b)).toEqual([0, 2, 3]);
  });
});
