import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ItemOverlay } from '../domain/item.ts';
import { Catalogue } from './catalogue.ts';
import { contestants } from './contest.ts';
import { rankItems } from './rank-items.ts';
import { tinyBundle } from './tiny-bundle.contract.ts';

const bundle = tinyBundle(9, () => 0.3);
const overlay: ItemOverlay = {
  version: 'e.1',
  upserted: new Map([
    ['new', { itemId: 'new', title: 'New', genres: ['Heist'], attributes: {} }],
    ['odd', { itemId: 'odd', title: 'Odd', genres: ['Opera'], attributes: {} }],
  ]),
  deleted: new Set(['i3']),
};
const ids = ['i0', 'i1', 'i2', 'i3', 'i4', 'i5', 'i6', 'i7', 'i8', 'new', 'odd', 'unheard-of'];
const shown = ids.filter((id) => !['i3', 'odd', 'unheard-of'].includes(id));

const some = fc.subarray(ids);
const wanted = fc.record({
  candidates: fc.option(some, { nil: undefined }),
  exclude: some,
  includeSeen: fc.boolean(),
});

test('whoever is shown, asked for, not seen and not excluded, request after request', () => {
  const catalogue = new Catalogue(bundle, overlay);
  fc.assert(
    fc.property(wanted, some, (request, had) => {
      const seen = new Set(had.flatMap((id) => bundle.rows.get(id) ?? []));
      const strangers = had.filter((id) => !bundle.rows.has(id));
      const { rows, unknown } = contestants(catalogue, request, { seen, strangers });
      const { candidates, exclude, includeSeen } = request;
      const expected = (candidates ?? shown).filter((id) => {
        return shown.includes(id) && !exclude.includes(id) && (includeSeen || !had.includes(id));
      });
      expect([...rows].map((row) => catalogue.idOf(row)).toSorted()).toEqual(expected.toSorted());
      expect(unknown).toEqual((candidates ?? []).filter((id) => !shown.includes(id)));
    }),
  );
});

test('the best are those that sorting everything gives, ties in the order of their ids', () => {
  const catalogue = new Catalogue(bundle, overlay);
  const score = fc.constantFrom(-1, 0, 0.5, 2);
  const { rows } = catalogue;
  fc.assert(
    fc.property(
      fc.array(score, { minLength: rows.length, maxLength: rows.length }),
      fc.integer({ min: 1, max: 12 }),
      (scores, topN) => {
        const found = rankItems(catalogue, rows, Float32Array.from(scores), topN);
        const sorted = Array.from(rows, (row, at) => ({
          itemId: catalogue.idOf(row),
          score: scores[at] ?? 0,
        })).toSorted((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1));
        expect(found.map(({ itemId, score: s }) => ({ itemId, score: s }))).toEqual(
          sorted.slice(0, topN),
        );
      },
    ),
  );
});
