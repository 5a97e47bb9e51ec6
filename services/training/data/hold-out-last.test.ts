import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../seeded-random.ts';
import { holdOutLast } from './hold-out-last.ts';
import { type Interactions, packInteractions } from './interactions.ts';
import { shuffleTies } from './shuffle-ties.ts';

function world(hasTimes = true): Interactions {
  const histories = new Map(
    Object.entries({ a: [5, 5, 7, 7, 7], b: [1], c: [1, 2] }).map(([user, times]) => [
      user,
      times.map((timeMs, itemRow) => ({ itemRow, weight: 1 + itemRow, timeMs })),
    ]),
  );
  const items = [0, 1, 2, 3, 4].map((id) => ({ id: `${id}`, title: '', genres: [] }));
  return packInteractions({ source: 'five', items, histories, hasTimes });
}

describe('holdOutLast', () => {
  it('keeps all but the last item of each user, and the only item of a user with one', () => {
    const { training, lastRows } = holdOutLast(world());
    expect([...lastRows]).toEqual([4, -1, 1]);
    expect([...training.offsets]).toEqual([0, 4, 5, 6]);
    expect([...training.itemRows]).toEqual([0, 1, 2, 3, 0, 0]);
    expect([...training.weights]).toEqual([1, 2, 3, 4, 1, 1]);
    expect([...(training.timesMs ?? [])]).toEqual([5, 5, 7, 7, 1, 1]);
  });

  it('refuses data without times', () => {
    expect(() => holdOutLast(world(false))).toThrow(/five has no times/);
  });
});

describe('shuffleTies', () => {
  it('moves items among those of their own time only', () => {
    const orders = new Set<string>();
    const random = new SeededRandom(1);
    for (let round = 0; round < 200; round += 1) {
      const { itemRows, weights, timesMs } = shuffleTies(world(), random);
      expect([...(timesMs ?? [])]).toEqual([5, 5, 7, 7, 7, 1, 1, 2]);
      expect([...weights]).toEqual(Array.from(itemRows, (row) => row + 1));
      expect([...itemRows.subarray(5)]).toEqual([0, 0, 1]);
      orders.add(itemRows.subarray(0, 5).join(' '));
    }
    expect(orders.size).toBe(12);
  });

  it('leaves data without times as it is', () => {
    const data = world(false);
    expect(shuffleTies(data, new SeededRandom(1))).toBe(data);
  });
});
