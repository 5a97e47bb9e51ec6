import { describe, expect, test } from 'vitest';
import type { Item, ItemOverlay } from '../domain/item.ts';
import type { RecommendRequest } from '../domain/recommendation.ts';
import { Catalogue, CurrentCatalogue } from './catalogue.ts';
import { knownHistory } from './history.ts';
import { contestants } from './contest.ts';
import { rankItems } from './rank-items.ts';
import { tinyBundle } from './tiny-bundle.contract.ts';

const bundle = tinyBundle(8, () => 0.3);
const request: RecommendRequest = {
  requestId: 'r',
  tenant: 't',
  userId: 'u',
  session: [],
  candidates: undefined,
  exclude: [],
  topN: 10,
  includeSeen: false,
  context: {},
  explain: false,
  noCache: false,
};

const nothingSeen = { seen: new Set<number>(), strangers: [] };

function overlay(items: readonly Item[], deleted: readonly string[] = []): ItemOverlay {
  return {
    version: 'e.1',
    upserted: new Map(items.map((each) => [each.itemId, each])),
    deleted: new Set(deleted),
  };
}

function item(itemId: string, title: string, genres: readonly string[]): Item {
  return { itemId, title, genres, attributes: {} };
}

function idsOf(catalogue: Catalogue, rows: Int32Array): readonly string[] {
  return [...rows].map((row) => catalogue.idOf(row));
}

describe('under the records', () => {
  test('a deleted item is nowhere: not in the whole catalogue, and unknown as a candidate', () => {
    const catalogue = new Catalogue(bundle, overlay([], ['i3', 'never-there']));
    expect(catalogue.rowOf('i3')).toBeUndefined();
    const whole = contestants(catalogue, request, nothingSeen);
    expect(idsOf(catalogue, whole.rows)).toEqual(['i0', 'i1', 'i2', 'i4', 'i5', 'i6', 'i7']);
    const some = contestants(catalogue, { ...request, candidates: ['i3', 'i4'] }, nothingSeen);
    expect(idsOf(catalogue, some.rows)).toEqual(['i4']);
    expect(some.unknown).toEqual(['i3']);
  });

  test('an item that the bundle knows shows the title of the records', () => {
    const catalogue = new Catalogue(bundle, overlay([item('i1', 'Renamed', ['Western'])]));
    const scores = new Float32Array(catalogue.rows.length);
    const titles = rankItems(catalogue, catalogue.rows, scores, 3).map(({ title }) => title);
    expect(titles).toEqual(['Item 0', 'Renamed', 'Item 2']);
  });

  test('an added item is ranked by the mean vector of its genres', () => {
    const catalogue = new Catalogue(bundle, overlay([item('new', 'New', ['Heist', 'Opera'])]));
    const row = catalogue.rowOf('new') ?? NaN;
    expect([row, catalogue.idOf(row), catalogue.titleOf(row)]).toEqual([8, 'new', 'New']);
    const heists = [0, 2, 4, 6].map((each) => catalogue.vectorOf(each));
    for (const [column, value] of catalogue.vectorOf(row).entries()) {
      const mean = heists.reduce((sum, vector) => sum + (vector[column] ?? 0), 0) / heists.length;
      expect(value).toBeCloseTo(mean, 6);
    }
  });

  test('an added item of which nothing is known that ranks it is unknown', () => {
    const catalogue = new Catalogue(bundle, overlay([item('odd', 'Odd', ['Opera'])]));
    const { rows, unknown } = contestants(
      catalogue,
      { ...request, candidates: ['odd', 'i1'] },
      nothingSeen,
    );
    expect(idsOf(catalogue, rows)).toEqual(['i1']);
    expect(unknown).toEqual(['odd']);
  });

  test('what a user met is left out, also where only the records know it', () => {
    const catalogue = new Catalogue(bundle, overlay([item('new', 'New', ['Heist'])], ['i5']));
    const history = ['i1', 'new', 'i5'].map((itemId) => ({ itemId, weight: 1, timeMs: 0 }));
    const known = knownHistory(bundle, history, []);
    expect([...known.rows]).toEqual([1, 5]);
    const { rows } = contestants(catalogue, request, known);
    expect(idsOf(catalogue, rows)).toEqual(['i0', 'i2', 'i3', 'i4', 'i6', 'i7']);
  });
});

test('is put together once for each overlay', () => {
  const current = new CurrentCatalogue(bundle);
  const [one, other] = [overlay([]), overlay([], ['i1'])];
  expect(current.under(one)).toBe(current.under(one));
  expect(current.under(other)).not.toBe(current.under(one));
});
