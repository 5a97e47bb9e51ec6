import { expect, it } from 'vitest';
import { countPairs } from './pair-counts.ts';

it('counts how often two items share a user, each user with his weight', () => {
  const counts = new Float32Array(9).fill(7);
  const input = {
    // Users 0: items 0, 2 · 1: items 2 · 2: items 0, 1, 2
    offsets: Int32Array.of(0, 2, 3, 6),
    itemRows: Int32Array.of(2, 0, 2, 0, 1, 2),
    itemCount: 3,
    audience: { offsets: Int32Array.of(0, 2, 3, 6), userRows: Int32Array.of(0, 2, 2, 0, 1, 2) },
    userWeights: Float64Array.of(9, 1, 9, 10, 9, 100),
    stride: 2,
    column: 1,
    counts,
  };
  countPairs(input, 0, 2);
  expect([...counts]).toEqual([101, 100, 101, 100, 100, 100, 7, 7, 7]);
  countPairs(input, 2, 3);
  expect([...counts.subarray(6)]).toEqual([101, 100, 111]);
});
