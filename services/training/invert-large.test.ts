import { describe, expect, it } from 'vitest';
import { invertLarge } from './invert-large.ts';
import { invertSymmetric } from './invert-symmetric.ts';
import { SeededRandom } from './seeded-random.ts';
import { sharedFloat32 } from './threads/shared-arrays.ts';

/** XᵀX + λ of 400 histories, some items in most of them: what the experts invert. */
function pairCounts(order: number, lambda: number): Float32Array {
  const random = new SeededRandom(2);
  const counts = sharedFloat32(order * order);
  for (let user = 0; user < 400; user += 1) {
    const met = Array.from({ length: order }, (_, item) => item).filter(
      (item) => random.uniform() < 4 / (item + 5),
    );
    for (const a of met) {
      for (const b of met) counts[a * order + b] = (counts[a * order + b] ?? 0) + 1;
    }
  }
  for (let i = 0; i < order; i += 1) counts[i * order + i] = (counts[i * order + i] ?? 0) + lambda;
  return counts;
}

describe('invertLarge', () => {
  it.each([1, 30, 256, 258, 600])(
    'equals the double-precision inverse at order %i',
    async (order) => {
      const counts = pairCounts(order, 5);
      const padded = Math.ceil(order / 4) * 4;
      const exact = new Float64Array(padded * padded);
      for (let i = 0; i < padded; i += 1) {
        exact[i * padded + i] = 1;
        if (i < order) exact.set(counts.subarray(i * order, (i + 1) * order), i * padded);
      }
      invertSymmetric(exact, padded);
      await invertLarge(counts, order);
      // EASE's weights B_ij = −P_ij / P_jj: these are what serving adds up.
      let largest = 0;
      let error = 0;
      for (let i = 0; i < order; i += 1) {
        for (let j = 0; j < order; j += 1) {
          const value = (exact[i * padded + j] ?? 0) / (exact[j * padded + j] ?? 0);
          const given = (counts[i * order + j] ?? 0) / (counts[j * order + j] ?? 0);
          largest = Math.max(largest, i === j ? 0 : Math.abs(value));
          error = Math.max(error, Math.abs(value - given));
        }
      }
      expect(error).toBeLessThanOrEqual(1e-5 * Math.max(largest, 1e-3));
    },
  );

  it('refuses a matrix that is not positive definite', async () => {
    const matrix = Float32Array.of(1, 2, 2, 1);
    await expect(invertLarge(matrix, 2)).rejects.toThrow('not positive definite');
  });
});
