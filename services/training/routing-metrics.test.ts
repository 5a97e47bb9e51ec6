import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  balanceLoss,
  chooseBest,
  chooseThreshold,
  entropyBits,
  routingFigures,
  RoutingTally,
  variation,
} from './routing-metrics.ts';

const known = [0.25, 0.22, 0.18, 0.15, 0.1, 0.06, 0.03, 0.01];
const limits = { threshold: 0.8, minExperts: 2, maxExperts: 4 };

describe('routing figures', () => {
  it('agree with the published definitions on a known vector', () => {
    expect(entropyBits(known)).toBeCloseTo(2.63, 2);
    expect(variation(known)).toBeCloseTo(0.443, 3);
    expect(balanceLoss(known, known)).toBeCloseTo(0.01443, 5);
  });

  it('are those of one expert each when every gate is certain', () => {
    const p = Float64Array.from({ length: 64 }, (_, at) => (at % 9 === 0 ? 1 : 0));
    const figures = routingFigures(p, 8, { ...limits, minExperts: 1 });
    expect(figures).toMatchObject({ meanK: 1, entropyBits: 0, mutualInformationBits: 3 });
    expect(figures.balanceLoss).toBeCloseTo(0.01, 12);
    expect(figures.shares).toEqual(Array(8).fill(0.125));
  });
});

describe('RoutingTally', () => {
  it('counts what was chosen, whatever the gate would have', () => {
    const tally = new RoutingTally(3);
    tally.take([0.5, 0.5, 0], [2]);
    tally.take([1, 0, 0], [2, 0]);
    const { shares, meanK, maxMinShare, entropyBits: bits } = tally.figures;
    expect(shares).toEqual([1 / 3, 0, 2 / 3]);
    expect([meanK, bits]).toEqual([1.5, 0.5]);
    expect(maxMinShare).toBeCloseTo(2, 12);
  });
});

describe('chooseBest', () => {
  it('takes the fewest experts that reach the threshold, within the limits', () => {
    expect(chooseBest(Float64Array.from(known), limits)).toEqual([0, 1, 2, 3]);
    expect(chooseBest(Float64Array.of(0.01, 0.9, 0.05, 0.04), limits)).toEqual([1, 2]);
    expect(chooseBest(Float64Array.of(0.3, 0.1, 0.5, 0.1), limits)).toEqual([2, 0]);
  });
});

describe('chooseThreshold', () => {
  it('never lets a request have more experts on average than asked for', () => {
    const rows = fc.array(
      fc.array(fc.double({ min: 0.01, max: 1 }), { minLength: 8, maxLength: 8 }),
      {
        minLength: 1,
        maxLength: 20,
      },
    );
    fc.assert(
      fc.property(rows, fc.double({ min: 2, max: 4, noNaN: true }), (weights, meanExperts) => {
        const p = Float64Array.from(
          weights.flatMap((row) => row.map((value) => value / row.reduce((sum, x) => sum + x))),
        );
        const wanted = { minExperts: 2, maxExperts: 4, meanExperts };
        const threshold = chooseThreshold(p, 8, wanted);
        expect(routingFigures(p, 8, { ...wanted, threshold }).meanK).toBeLessThanOrEqual(
          meanExperts,
        );
      }),
    );
  });
});
