import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { Item, ItemOverlay } from '../domain/item.ts';
import type { Explanation, RankedItem } from '../domain/recommendation.ts';
import { RealClock } from '../platform/clock/real-clock.ts';
import { ArithmeticModelRunner } from '../platform/model-runner/arithmetic-model-runner.ts';
import { BaseVectors } from './base-vectors.ts';
import { Catalogue } from './catalogue.ts';
import { Explanations } from './explanations.ts';
import { scaleUser } from './head.ts';
import type { KnownHistory } from './history.ts';
import { largest } from './history-amounts.ts';
import { rankItems, scoreRows } from './rank-items.ts';
import { sequenceScores } from './sequence-scores.ts';
import { tinyBundle } from './tiny-bundle.contract.ts';

const runner = new ArithmeticModelRunner({ clock: new RealClock() });
afterAll(() => runner.close());

const newcomer: Item = { itemId: 'new', title: 'Anew', genres: ['Heist'], attributes: {} };
const overlay: ItemOverlay = {
  version: 'v1',
  upserted: new Map([['new', newcomer]]),
  deleted: new Set(['i0']),
};

test('the parts of every score sum to it, whatever the bundle, the past and the experts', async () => {
  const pasts = fc.array(
    fc.tuple(fc.nat(11), fc.float({ min: Math.fround(0.05), max: 2, noNaN: true })),
    { maxLength: 60 },
  );
  await fc.assert(
    fc.asyncProperty(fc.integer(), pasts, fc.subarray(['1', '2']), async (seed, past, experts) => {
      const { items, bias } = await answer(seed, past, experts);
      expect(items).toHaveLength(12);
      for (const { itemId, score, explanation } of items) {
        const parts = explanation ?? nothing;
        const fromExperts = sum(parts.experts);
        expect(parts.base + fromExperts).toBeCloseTo(score, 5);
        expect(sum(parts.history) + parts.other).toBeCloseTo(score, 5);
        expect(parts.experts.map(({ expert }) => expert)).toEqual(experts);
        // `other` is what is not linear in the past, no remainder of a subtraction.
        expect(parts.other).toBeCloseTo(fromExperts + bias(itemId), 5);
      }
    }),
    { numRuns: 60 },
  );
});

test('of a long past the twenty that count most are listed, the rest is in `other`', async () => {
  const past = Array.from({ length: 40 }, (_, row): [number, number] => [row, 1]);
  const { items } = await answer(7, past, ['1'], 50);
  const { history } = items[0]?.explanation ?? nothing;
  expect(history).toHaveLength(20);
  const sizes = history.map(({ amount }) => Math.abs(amount));
  expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
  expect(new Set(history.map(({ itemId }) => itemId)).size).toBe(20);
});

test('the largest are found by size, whatever their sign', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -50, max: 50 })), fc.integer({ max: 9 }), (all, k) => {
      const count = Math.max(0, Math.min(k, all.length));
      const found = largest(Float64Array.from(all), count).map((at) => Math.abs(all[at] ?? 0));
      const wanted = all.map(Math.abs).toSorted((a, b) => b - a);
      expect(found).toEqual(wanted.slice(0, count));
    }),
  );
});

const nothing: Explanation = { base: NaN, experts: [], history: [], other: NaN };

async function answer(
  seed: number,
  past: readonly [number, number][],
  experts: readonly string[],
  itemCount = 12,
) {
  let state = seed;
  // A plain linear congruence: the numbers only have to be different.
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
  const bundle = tinyBundle(itemCount, uniform);
  const catalogue = new Catalogue(bundle, overlay);
  const history: KnownHistory = {
    rows: Int32Array.from(past, ([row]) => row),
    weights: Float32Array.from(past, ([, weight]) => weight),
    seen: new Set(),
    path: 'user',
  };
  const base = await BaseVectors.open(runner, bundle);
  const explanations = await Explanations.open(runner, bundle);
  const { width } = bundle.expertBlock;
  const parts = new Map(
    experts.map((expert) => [
      expert,
      { vector: Float32Array.from({ length: width }, () => uniform() - 0.5) },
    ]),
  );
  const mixed = new Float32Array(width).map((_, column) =>
    [...parts.values()].reduce((total, { vector }) => total + (vector[column] ?? 0), 0),
  );
  const user = scaleUser(bundle, await base.of(history), parts.size > 0 ? mixed : undefined);
  const sequence = sequenceScores(bundle, history.rows);
  const scores = scoreRows(bundle, user, sequence, catalogue.rows, catalogue.addedHead);
  const ranked = rankItems(catalogue, catalogue.rows, scores, itemCount);
  const items: readonly RankedItem[] = await explanations.explain(
    { catalogue, history, user, parts, sequence },
    ranked,
  );
  return {
    items,
    bias: (itemId: string) => bundle.bias[bundle.rows.get(itemId) ?? -1] ?? 0,
  };
}

function sum(parts: readonly { readonly amount: number }[]): number {
  return parts.reduce((total, { amount }) => total + amount, 0);
}
