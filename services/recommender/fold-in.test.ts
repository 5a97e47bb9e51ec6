import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldIn } from './fold-in.ts';

const width = 3;
const vectors = Float32Array.of(1, 0, 0.5, 0, 1, -0.5, 0.3, 0.3, 0.3, -1, 0.2, 0);
const itemCount = vectors.length / width;
const gram = gramOf();
const block = { width, alpha: 0.1, lambda: 0.01, itemCount, gram, vectors };

test('solves the user equation of iALS', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.integer({ min: 0, max: itemCount - 1 }),
          fc.float({ min: Math.fround(0.05), max: 1, noNaN: true }),
        ),
        { minLength: 1, maxLength: 6 },
      ),
      (history) => {
        const rows = Int32Array.from(history, ([row]) => row);
        const weights = Float32Array.from(history, ([, weight]) => weight);
        const user = foldIn(block, rows, weights);
        const { left, right } = bothSides(rows, weights, user);
        for (let column = 0; column < width; column += 1) {
          expect(left[column]).toBeCloseTo(right[column] ?? NaN, 4);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('padding with weight zero has no effect', () => {
  const plain = foldIn(block, Int32Array.of(1, 2), Float32Array.of(1, 0.5));
  const padded = foldIn(block, Int32Array.of(1, 2, 0, 0), Float32Array.of(1, 0.5, 0, 0));
  expect(padded).toEqual(plain);
});

/** (αG + Σ w v vᵀ + λ(Σw + αI)) u and Σ w v, written out. */
function bothSides(rows: Int32Array, weights: Float32Array, user: Float32Array) {
  const mass = weights.reduce((sum, weight) => sum + weight, 0);
  const left = Array.from({ length: width }, (_, row) => {
    let sum = block.lambda * (mass + block.alpha * itemCount) * (user[row] ?? 0);
    for (let column = 0; column < width; column += 1) {
      sum += block.alpha * (gram[row * width + column] ?? 0) * (user[column] ?? 0);
    }
    return sum;
  });
  const right = Array.from({ length: width }, () => 0);
  for (const [index, item] of rows.entries()) {
    const v = vectors.subarray(item * width, (item + 1) * width);
    const dot = v.reduce((sum, value, column) => sum + value * (user[column] ?? 0), 0);
    for (let column = 0; column < width; column += 1) {
      left[column] = (left[column] ?? 0) + (weights[index] ?? 0) * dot * (v[column] ?? 0);
      right[column] = (right[column] ?? 0) + (weights[index] ?? 0) * (v[column] ?? 0);
    }
  }
  return { left, right };
}

function gramOf(): Float32Array {
  const sums = new Float32Array(width * width);
  for (let item = 0; item < itemCount; item += 1) {
    for (let row = 0; row < width; row += 1) {
      for (let column = 0; column < width; column += 1) {
        const cell = row * width + column;
        const product = (vectors[item * width + row] ?? 0) * (vectors[item * width + column] ?? 0);
        sums[cell] = (sums[cell] ?? 0) + product;
      }
    }
  }
  return sums;
}
