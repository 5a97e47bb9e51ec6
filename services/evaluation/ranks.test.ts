import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fullRank, type RankedCase, requireFinite, sampledRank } from './ranks.ts';

function asked(part: Partial<Record<'negatives' | 'met', readonly number[]>>): RankedCase {
  const { negatives = [], met = [] } = part;
  return { target: 0, negatives: Int32Array.from(negatives), met: Int32Array.from(met) };
}

describe('sampledRank', () => {
  it('counts the negatives above the target, and half of those level with it', () => {
    const scores = [5, 9, 5, 5, 1, 100];
    expect(sampledRank(scores, asked({ negatives: [4] }))).toBe(0);
    expect(sampledRank(scores, asked({ negatives: [1, 4] }))).toBe(1);
    expect(sampledRank(scores, asked({ negatives: [2, 3, 1] }))).toBe(2);
    expect(sampledRank(scores, asked({ negatives: [2, 3, 1, 2] }))).toBe(2.5);
  });

  it('does not depend on the order of the candidates', () => {
    const scores = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 8, maxLength: 8 });
    const rows = fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7]);
    fc.assert(
      fc.property(scores, rows, (values, negatives) => {
        const sorted = negatives.toSorted((a, b) => a - b);
        const rank = sampledRank(values, asked({ negatives }));
        expect(rank).toBe(sampledRank(values, asked({ negatives: sorted })));
      }),
    );
  });
});

describe('fullRank', () => {
  it('counts what is strictly above among items not met', () => {
    const scores = [5, 9, 5, 7, 1, 8];
    expect(fullRank(scores, asked({}))).toBe(3);
    expect(fullRank(scores, asked({ met: [1] }))).toBe(2);
    expect(fullRank(scores, asked({ met: [1, 1, 3, 5, 4] }))).toBe(0);
  });

  it('is the sampled rank against all others where no two scores are equal', () => {
    const scores = fc.uniqueArray(fc.double({ noNaN: true }), {
      minLength: 6,
      maxLength: 6,
      comparator: (a, b) => a === b,
    });
    fc.assert(
      fc.property(scores, fc.subarray([1, 2, 3, 4, 5]), (values, met) => {
        const negatives = [1, 2, 3, 4, 5].filter((row) => !met.includes(row));
        const rank = fullRank(values, asked({ met }));
        expect(rank).toBe(sampledRank(values, asked({ negatives })));
      }),
    );
  });
});

describe('requireFinite', () => {
  it('refuses what would rank first because nothing is above it', () => {
    expect(sampledRank([NaN, 1, 2], asked({ negatives: [1, 2] }))).toBe(0);
    expect(() => requireFinite([1, NaN], 'served, user 3')).toThrow(
      'served, user 3: the score of row 1 is NaN',
    );
    expect(() => requireFinite([Infinity], 'served')).toThrow(/row 0/);
    expect(() => requireFinite([0, -1], 'served')).not.toThrow();
  });
});
