import { describe, expect, it } from 'vitest';
import { gainAt10, hitAt10, QualityTally } from './quality-tally.ts';

describe('the gain of a rank', () => {
  it('is 1 at the top, falls with log2 and ends behind the tenth', () => {
    expect([0, 1, 2, 6].map((rank) => gainAt10(rank))).toEqual([1, 1 / Math.log2(3), 0.5, 1 / 3]);
    expect(gainAt10(9)).toBeCloseTo(0.289065, 6);
    expect(gainAt10(9.5)).toBeCloseTo(1 / Math.log2(11.5), 12);
    expect([hitAt10(9), hitAt10(9.5), hitAt10(10), gainAt10(10)]).toEqual([1, 1, 0, 0]);
  });
});

describe('QualityTally', () => {
  it('is the mean over users, against the negatives and against all that was not met', () => {
    const tally = new QualityTally('test', 2);
    const scores = Float32Array.from({ length: 20 }, (_, row) => row);
    const none = new Int32Array(0);
    // 19 is the best of all; 5 is under the negatives 8 and 9 and under all of 6 to 18, not 19.
    tally.take(1, scores, { target: 19, negatives: Int32Array.of(1, 2), met: none });
    tally.take(0, scores, { target: 5, negatives: Int32Array.of(8, 9), met: Int32Array.of(19) });
    expect([...tally.perUser.hr10]).toEqual([1, 1]);
    expect([...tally.perUser.ndcg10]).toEqual([0.5, 1]);
    expect(tally.quality).toEqual({ hr10: 1, ndcg10: 0.75, fullHr10: 0.5, fullNdcg10: 0.5 });
  });

  it('refuses scores that are not finite', () => {
    const tally = new QualityTally('k = 2', 1);
    const asked = { target: 0, negatives: Int32Array.of(1), met: new Int32Array(0) };
    expect(() => tally.take(0, [NaN, 1], asked)).toThrow('k = 2, user 0');
  });
});
