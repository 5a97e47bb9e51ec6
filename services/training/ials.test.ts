import { describe, expect, it } from 'vitest';
import { gramOf } from './covariance.ts';
import { syntheticWorld } from './data/synthetic-world.ts';
import { fitIals, foldIn } from './ials.ts';
import { solveIalsRows } from './ials-rows.ts';
import { SeededRandom } from './seeded-random.ts';
import { KernelThreads } from './threads/kernel-threads.ts';

const width = 3;
const fixed = Float32Array.of(
  0.2,
  -0.4,
  1,
  0.5,
  0.1,
  -0.3,
  -1,
  0.7,
  0.6,
  0.9,
  0.8,
  -0.2,
  0.3,
  1,
  0,
);
const rows = {
  offsets: Int32Array.of(0, 2, 2, 7),
  columns: Int32Array.of(0, 3, 4, 2, 1, 0, 3),
  weights: Float64Array.of(1, 0.5, 1, 1, 0.25, 2, 1),
  fixed,
  gram: Float32Array.from(gramOf(Float64Array.from(fixed), width)),
  width,
  alpha: 0.3,
  lambda: 0.05,
};

/** Σ w (1 − x·v)² + α Σ_all (x·v)² + λ(Σw + αM)‖x‖², the loss that a row must minimise. */
function loss(row: number, x: readonly number[]): number {
  const score = (v: number): number =>
    x.reduce((sum, value, k) => sum + value * (fixed[v * width + k] ?? 0), 0);
  let total = 0;
  let weight = 0;
  for (let at = rows.offsets[row] ?? 0; at < (rows.offsets[row + 1] ?? 0); at += 1) {
    const w = rows.weights[at] ?? 0;
    weight += w;
    total += w * (1 - score(rows.columns[at] ?? 0)) ** 2;
  }
  const count = fixed.length / width;
  for (let v = 0; v < count; v += 1) total += rows.alpha * score(v) ** 2;
  const shrink = rows.lambda * (weight + rows.alpha * count);
  return total + shrink * x.reduce((sum, value) => sum + value * value, 0);
}

describe('solveIalsRows', () => {
  it('finds the minimum of the iALS loss for each row', async () => {
    const solved = new Float32Array(3 * width);
    await solveIalsRows({ ...rows, solved }, 0, 3);
    for (const row of [0, 2]) {
      const x = [...solved.subarray(row * width, (row + 1) * width)];
      const best = loss(row, x);
      for (let k = 0; k < width; k += 1) {
        for (const step of [-1e-3, 1e-3]) {
          expect(loss(row, x.with(k, (x[k] ?? 0) + step))).toBeGreaterThan(best);
        }
      }
    }
  });

  it('gives 0 to a row without interactions', async () => {
    const solved = new Float32Array(3 * width).fill(9);
    await solveIalsRows({ ...rows, solved }, 0, 3);
    expect([...solved.subarray(width, 2 * width)]).toEqual([0, 0, 0]);
  });
});

describe('fitIals', () => {
  it('scores what a user met above what the user did not', async () => {
    const world = syntheticWorld({ seed: 3, items: 60, users: 80 });
    const threads = new KernelThreads(0);
    const settings = { width: 8, alpha: 0.1, lambda: 0.01, iterations: 6 };
    const items = await fitIals(world, settings, new SeededRandom(1), { threads });
    const users = await foldIn(world, world.weights, { ...settings, items }, { threads });
    const score = (user: number, item: number): number =>
      Array.from(
        { length: 8 },
        (_, k) => (users[user * 8 + k] ?? 0) * (items[item * 8 + k] ?? 0),
      ).reduce((sum, value) => sum + value);
    let met = 0;
    let all = 0;
    world.users.forEach((_, user) => {
      const history = world.itemRows.subarray(world.offsets[user], world.offsets[user + 1]);
      for (const item of history) met += score(user, item) / world.itemRows.length;
      for (let item = 0; item < 60; item += 1) all += score(user, item) / (60 * 80);
    });
    expect(met).toBeGreaterThan(all + 0.1);
  });

  it('gives the same numbers on threads as in this one', async () => {
    const world = syntheticWorld({ seed: 3, items: 60, users: 150 });
    const settings = { width: 8, alpha: 0.1, lambda: 0.01, iterations: 2 };
    const threads = new KernelThreads(2);
    try {
      const here = await fitIals(world, settings, new SeededRandom(1), {
        threads: new KernelThreads(0),
      });
      const there = await fitIals(world, settings, new SeededRandom(1), { threads });
      expect(there).toEqual(here);
    } finally {
      await threads.close();
    }
  });
});
