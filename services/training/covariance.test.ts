import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covarianceOf, gramOf, meanOf } from './covariance.ts';

const number = fc.double({ min: -10, max: 10, noNaN: true });

describe('covarianceOf', () => {
  it('gives the spread of z·q over the catalogue without visiting it', () => {
    const rows = fc.array(fc.tuple(number, number, number), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(rows, fc.tuple(number, number, number), (q, z) => {
        const flat = Float64Array.from(q.flat());
        const scores = q.map((row) => row.reduce((sum, value, k) => sum + value * (z[k] ?? 0), 0));
        const mean = scores.reduce((sum, value) => sum + value, 0) / scores.length;
        const variance = scores.reduce((sum, s) => sum + (s - mean) ** 2, 0) / scores.length;
        const covariance = covarianceOf(flat, 3);
        let fromCovariance = 0;
        for (let i = 0; i < 3; i += 1) {
          for (let j = 0; j < 3; j += 1) {
            fromCovariance += (z[i] ?? 0) * (covariance[i * 3 + j] ?? 0) * (z[j] ?? 0);
          }
        }
        expect(fromCovariance).toBeCloseTo(variance, 6);
        const fromMean = meanOf(flat, 3).reduce((sum, value, k) => sum + value * (z[k] ?? 0), 0);
        expect(fromMean).toBeCloseTo(mean, 9);
      }),
    );
  });
});

describe('gramOf', () => {
  it('is XᵀX', () => {
    expect([...gramOf(Float64Array.of(1, 2, 3, 4), 2)]).toEqual([10, 14, 14, 20]);
  });
});
