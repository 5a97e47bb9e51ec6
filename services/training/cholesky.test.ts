import { describe, expect, it } from 'vitest';
import { choleskySolve } from './cholesky.ts';
import { invertSymmetric } from './invert-symmetric.ts';
import { SeededRandom } from './seeded-random.ts';

/** A random symmetric positive definite matrix: MMᵀ + Id. */
function positiveDefinite(order: number, random: SeededRandom): Float64Array {
  const m = Float64Array.from({ length: order * order }, () => random.normal());
  const a = new Float64Array(order * order);
  for (let i = 0; i < order; i += 1) {
    for (let j = 0; j < order; j += 1) {
      let sum = i === j ? 1 : 0;
      for (let k = 0; k < order; k += 1) sum += (m[i * order + k] ?? 0) * (m[j * order + k] ?? 0);
      a[i * order + j] = sum;
    }
  }
  return a;
}

function times(a: Float64Array, order: number, x: Float64Array): number[] {
  return Array.from({ length: order }, (_, i) =>
    x.reduce((sum, value, k) => sum + (a[i * order + k] ?? 0) * value, 0),
  );
}

describe('choleskySolve', () => {
  it.each([1, 2, 5, 16])('solves a system of order %i', (order) => {
    const random = new SeededRandom(order);
    const a = positiveDefinite(order, random);
    const b = Float64Array.from({ length: order }, () => random.normal());
    const x = b.slice();
    choleskySolve(a.slice(), order, x);
    times(a, order, x).forEach((value, i) => expect(value).toBeCloseTo(b[i] ?? 0, 9));
  });

  it('refuses a matrix that is not positive definite', () => {
    const a = Float64Array.of(1, 2, 2, 1);
    expect(() => choleskySolve(a, 2, new Float64Array(2))).toThrow('not positive definite');
  });
});

describe('invertSymmetric', () => {
  it.each([4, 8, 20, 36])('inverts a matrix of order %i', (order) => {
    const a = positiveDefinite(order, new SeededRandom(order));
    const inverse = a.slice();
    invertSymmetric(inverse, order);
    for (let j = 0; j < order; j += 1) {
      const column = Float64Array.from({ length: order }, (_, i) => inverse[i * order + j] ?? 0);
      times(a, order, column).forEach((value, i) => {
        expect(value).toBeCloseTo(i === j ? 1 : 0, 9);
      });
    }
  });
});
