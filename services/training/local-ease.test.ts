import { describe, expect, it } from 'vitest';
import { choleskySolve } from './cholesky.ts';
import { audienceOf, packInteractions } from './data/interactions.ts';
import { fitLocalEase } from './local-ease.ts';

const histories = [
  [0, 1, 2],
  [1, 2, 4],
  [0, 3],
  [2, 3, 4],
  [0, 1, 4],
  [1, 5],
  [0, 5, 2],
];
const itemCount = 6;
const lambda = 0.7;
/** users × 2 experts. */
const userWeights = Float64Array.from(
  histories.flatMap((_, user) => (user % 2 ? [1, 0.5] : [0.5, 1])),
);

/** Column j by ridge regression of item j on all other items: what EASE's closed form solves at once. */
function regress(item: number, expert: number): number[] {
  const others = Array.from({ length: itemCount }, (_, i) => i).filter((i) => i !== item);
  const order = others.length;
  const left = new Float64Array(order * order);
  const right = new Float64Array(order);
  histories.forEach((history, user) => {
    const weight = userWeights[user * 2 + expert] ?? 0;
    others.forEach((a, i) => {
      if (!history.includes(a)) return;
      if (history.includes(item)) right[i] = (right[i] ?? 0) + weight;
      others.forEach((b, j) => {
        if (history.includes(b)) left[i * order + j] = (left[i * order + j] ?? 0) + weight;
      });
    });
  });
  for (let i = 0; i < order; i += 1) left[i * order + i] = (left[i * order + i] ?? 0) + lambda;
  choleskySolve(left, order, right);
  return [...right].toSpliced(item, 0, 0);
}

describe('fitLocalEase', () => {
  it('equals a ridge regression of each item on the others, weighted by membership', async () => {
    const tables = new Float32Array(2 * itemCount * itemCount);
    const data = packInteractions({
      source: 'small',
      items: Array.from({ length: itemCount }, (_, id) => ({ id: `${id}`, title: '', genres: [] })),
      histories: new Map(
        histories.map((history, user) => [
          `${user}`,
          history.map((itemRow) => ({ itemRow, weight: 1, timeMs: 0 })),
        ]),
      ),
      hasTimes: false,
    });
    const { offsets, itemRows } = data;
    const meetings = { offsets, itemRows, itemCount, audience: audienceOf(data) };
    await fitLocalEase({ ...meetings, userWeights, experts: 2, lambda, tables }, 0, 2);
    for (const expert of [0, 1]) {
      for (let j = 0; j < itemCount; j += 1) {
        regress(j, expert).forEach((value, i) => {
          const at = expert * itemCount * itemCount + i * itemCount + j;
          expect(tables[at]).toBeCloseTo(value, 6);
        });
      }
    }
  });
});
