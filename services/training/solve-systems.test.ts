import { describe, expect, it } from 'vitest';
import { choleskySolve } from './cholesky.ts';
import { SeededRandom } from './seeded-random.ts';
import { solveSystems } from './solve-systems.ts';

/** Systems [A | b] with A = MMᵀ/order + Id, as training meets them. */
function randomSystems(count: number, order: number): Float32Array {
  const random = new SeededRandom(order);
  const values = new Float32Array(count * order * (order + 1));
  for (let system = 0; system < count; system += 1) {
    const m = Float64Array.from({ length: order * order }, () => random.normal());
    for (let i = 0; i < order; i += 1) {
      const line = (system * order + i) * (order + 1);
      for (let j = 0; j < order; j += 1) {
        let sum = i === j ? 1 : 0;
        for (let k = 0; k < order; k += 1) {
          sum += ((m[i * order + k] ?? 0) * (m[j * order + k] ?? 0)) / order;
        }
        values[line + j] = sum;
      }
      values[line + order] = random.normal();
    }
  }
  return values;
}

describe('solveSystems', () => {
  it.each([1, 3, 31, 32, 33, 64, 100, 192])('solves systems of order %i', async (order) => {
    const count = 5;
    const values = randomSystems(count, order);
    const x = await solveSystems({ values: values.slice(), count, order });
    for (let system = 0; system < count; system += 1) {
      const rows = Array.from({ length: order }, (_, i) => {
        const line = (system * order + i) * (order + 1);
        return [...values.subarray(line, line + order + 1)];
      });
      const exact = Float64Array.from(rows, (row) => row[order] ?? 0);
      choleskySolve(Float64Array.from(rows.flatMap((row) => row.slice(0, order))), order, exact);
      exact.forEach((value, i) => expect(x[system * order + i]).toBeCloseTo(value, 4));
    }
  });

  it.each([4, 40])('refuses a system of order %i that is not positive definite', async (order) => {
    const values = randomSystems(1, order);
    values[0] = -1;
    await expect(solveSystems({ values, count: 1, order })).rejects.toThrow(
      'not positive definite',
    );
  });
});
