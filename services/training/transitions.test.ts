import { describe, expect, it } from 'vitest';
import { packInteractions } from './data/interactions.ts';
import { recencyWeights } from './recency.ts';
import { fitTransitions } from './transitions.ts';

function world(histories: readonly (readonly number[])[], hasTimes = true) {
  return packInteractions({
    source: 'test',
    items: Array.from({ length: 5 }, (_, row) => ({ id: `${row}`, title: '', genres: [] })),
    histories: new Map(
      histories.map((rows, user) => [
        `${user}`,
        rows.map((itemRow, at) => ({ itemRow, weight: 1, timeMs: at })),
      ]),
    ),
    hasTimes,
  });
}

describe('fitTransitions', () => {
  it('counts what follows soon, by nearness, against evidence and popularity', () => {
    const { offsets, items, values } = fitTransitions(
      world([
        [0, 1, 2],
        [0, 2],
      ]),
      100,
    );
    expect([...offsets]).toEqual([0, 2, 3, 3, 3, 3]);
    expect([...items]).toEqual([1, 2, 2]);
    // Item 0: item 1 once at distance 1, item 2 at 2 and at 1; 2.5 in all.
    expect(values[0]).toBeCloseTo(1 / 22.5 / 21 ** 0.3, 7);
    expect(values[1]).toBeCloseTo(1.5 / 22.5 / 22 ** 0.3, 7);
  });

  it('keeps the best of each row, the lower row of equals', () => {
    const { items, offsets } = fitTransitions(
      world([
        [0, 1],
        [0, 4],
        [0, 3],
        [0, 3],
      ]),
      2,
    );
    expect([...items.subarray(0, offsets[1])]).toEqual([1, 3]);
  });

  it('knows nothing where there are no times', () => {
    const { items, offsets } = fitTransitions(world([[0, 1, 2]], false), 100);
    expect(items).toHaveLength(0);
    expect([...offsets]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

describe('recencyWeights', () => {
  it('halves the weight every half-life, counted from each user’s last item', () => {
    const weights = recencyWeights(world([[0, 1, 2], [3]]), 2);
    expect([...weights]).toEqual([0.5, Math.SQRT1_2, 1, 1]);
    expect([...recencyWeights(world([[0, 1]]), null)]).toEqual([1, 1]);
  });
});
