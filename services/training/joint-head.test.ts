import { describe, expect, it } from 'vitest';
import { fitJointHead } from './joint-head.ts';
import { SeededRandom } from './seeded-random.ts';
import { KernelThreads } from './threads/kernel-threads.ts';
import { sharedFloat32 } from './threads/shared-arrays.ts';

const itemCount = 10;
const experts = 2;
const random = new SeededRandom(5);
const histories = Array.from({ length: 30 }, () =>
  Array.from({ length: itemCount }, (_, item) => item).filter(() => random.uniform() < 0.4),
);
const pairs = sharedFloat32(itemCount ** 2);
for (const history of histories) {
  for (const a of history) {
    for (const b of history) pairs[a * itemCount + b] = (pairs[a * itemCount + b] ?? 0) + 1;
  }
}
const dense = {
  pairs,
  itemCount,
  tables: sharedFloat32(Array.from({ length: experts * itemCount ** 2 }, () => random.normal())),
};
const workshop = { threads: new KernelThreads(0) };

/** Scores of one history by one expert's dense table. */
function denseScores(history: readonly number[], expert: number): number[] {
  return Array.from({ length: itemCount }, (_, item) =>
    history.reduce(
      (sum, past) => sum + (dense.tables[expert * itemCount ** 2 + past * itemCount + item] ?? 0),
      0,
    ),
  );
}

function headScores(
  history: readonly number[],
  table: Float32Array,
  head: Float64Array,
  width: number,
) {
  return Array.from({ length: itemCount }, (_, item) => {
    let score = 0;
    for (let k = 0; k < width; k += 1) {
      for (const past of history)
        score += (table[past * width + k] ?? 0) * (head[item * width + k] ?? 0);
    }
    return score;
  });
}

/** Σ over users and experts of the squared difference between dense scores and the head's. */
async function error(width: number, rounds: number): Promise<number> {
  const seeded = new SeededRandom(1);
  const joint = await fitJointHead(dense, { width, experts, rounds }, seeded, workshop);
  let sum = 0;
  for (const history of histories) {
    for (let expert = 0; expert < experts; expert += 1) {
      const size = itemCount * width;
      const table = joint.tables.subarray(expert * size, (expert + 1) * size);
      const approximate = headScores(history, table, joint.head, width);
      denseScores(history, expert).forEach((score, item) => {
        sum += (score - (approximate[item] ?? 0)) ** 2;
      });
    }
  }
  return sum;
}

describe('fitJointHead', () => {
  it('loses nothing at full width', async () => {
    expect(await error(itemCount, 2)).toBeLessThan(1e-6);
  });

  it('loses less the wider it is, and converges within few rounds', async () => {
    const narrow = await error(2, 30);
    const wide = await error(6, 30);
    expect(wide).toBeLessThan(narrow);
    expect(await error(2, 200)).toBeCloseTo(narrow, 3);
  });

  it('has orthonormal columns', async () => {
    const { head } = await fitJointHead(dense, { width: 4, experts, rounds: 3 }, random, workshop);
    for (let a = 0; a < 4; a += 1) {
      for (let b = 0; b <= a; b += 1) {
        let product = 0;
        for (let i = 0; i < itemCount; i += 1)
          product += (head[i * 4 + a] ?? 0) * (head[i * 4 + b] ?? 0);
        expect(product).toBeCloseTo(a === b ? 1 : 0, 10);
      }
    }
  });
});
