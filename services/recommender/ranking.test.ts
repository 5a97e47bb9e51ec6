import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChorusError } from '../domain/errors.ts';
import type { ItemOverlay } from '../domain/item.ts';
import { ArithmeticModelRunner } from '../platform/model-runner/arithmetic-model-runner.ts';
import type { ModelRunner } from '../platform/model-runner/model-runner.ts';
import { RealClock } from '../platform/clock/real-clock.ts';
import { openModelRunner } from '../platform/open-model-runner.ts';
import { Catalogue } from './catalogue.ts';
import { largestWholeCatalogue } from './contest.ts';
import { rankItems, type Scoring, scoreRows } from './rank-items.ts';
import { Ranking } from './ranking.ts';
import { tinyBundle } from './tiny-bundle.contract.ts';

const clock = new RealClock();
const itemCount = 2000;
const bundle = twinned(tinyBundle(itemCount, Math.random));
const overlay: ItemOverlay = {
  version: 'e.1',
  upserted: new Map(
    ['new-1', 'new-2'].map((itemId) => [
      itemId,
      { itemId, title: 'New', genres: ['Heist'], attributes: {} },
    ]),
  ),
  deleted: new Set(['i7', 'i8']),
};
const catalogue = new Catalogue(bundle, overlay);
let runner: ModelRunner;
let ranking: Ranking;

beforeAll(async () => {
  runner = openModelRunner(clock);
  ranking = await Ranking.open(runner, bundle, clock);
});

afterAll(async () => {
  await ranking.close();
  await runner.close();
});

/** Every tenth item is another one's twin, so that there are ties. */
function twinned(random: ReturnType<typeof tinyBundle>) {
  const { head, bias, width } = random;
  for (let row = 10; row < itemCount; row += 10) {
    head.copyWithin(row * width, 0, width);
    bias[row] = bias[0] ?? 0;
  }
  return random;
}

function scoringOf(seed: number): Scoring {
  const draw = (count: number, scale: number) =>
    Float32Array.from({ length: count }, (_, at) => scale * Math.sin(seed * 7919 + at * at));
  const user = { vector: draw(bundle.width, 3), offset: 0.5, baseScales: [], expertScale: 1 };
  // Half of them without any transition, as twins of each other must be.
  const sequence = {
    offset: -0.1,
    scores: seed % 2 === 0 ? draw(itemCount, 1) : new Float32Array(0),
    scale: 1,
  };
  return { user, sequence };
}

function exactly(rows: Int32Array, { user, sequence }: Scoring, topN: number) {
  const scores = scoreRows(bundle, user, sequence, rows, catalogue.addedHead);
  return rankItems(catalogue, rows, scores, topN);
}

const topN = fc.integer({ min: 1, max: 500 });

test('the best are those of exact scores, to the last bit, alone and in a batch', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(1000), { minLength: 1, maxLength: 40 }),
      topN,
      async (s, n) => {
        const scorings = s.map(scoringOf);
        const found = await Promise.all(
          scorings.map((scoring) => ranking.best(catalogue, catalogue.rows, scoring, n)),
        );
        const expected = scorings.map((scoring) => exactly(catalogue.rows, scoring, n));
        expect(found).toEqual(expected);
      },
    ),
    { numRuns: 30 },
  );
});

test('the same for some of the rows, few or many', async () => {
  const { rows } = catalogue;
  await fc.assert(
    fc.asyncProperty(
      fc.nat(1000),
      fc.integer({ min: 1, max: rows.length }),
      topN,
      async (s, m, n) => {
        const some = rows.filter((_, index) => (index * 31 + s) % rows.length < m);
        const scoring = scoringOf(s);
        expect(await ranking.best(catalogue, some, scoring, n)).toEqual(exactly(some, scoring, n));
      },
    ),
    { numRuns: 50 },
  );
});

test('where the threads fail, the serving thread does it', async () => {
  const broken = new ArithmeticModelRunner({ clock });
  const alone = await Ranking.open(broken, bundle, clock);
  broken.failNext(new ChorusError('model_failed', 'no'));
  const scoring = scoringOf(3);
  const found = await alone.best(catalogue, catalogue.rows, scoring, 10);
  expect(found).toEqual(exactly(catalogue.rows, scoring, 10));
  await alone.close();
});

test('a small catalogue takes no room in the threads', async () => {
  const small = tinyBundle(8, Math.random);
  const none = new ArithmeticModelRunner({ clock });
  await none.close();
  await expect(Ranking.open(none, small, clock)).resolves.toBeInstanceOf(Ranking);
});

test('a catalogue that is never ranked whole takes none either', async () => {
  const item = { id: 'i', title: 'Item', genres: [] };
  const items = Array.from({ length: largestWholeCatalogue + 1 }, () => item);
  const none = new ArithmeticModelRunner({ clock });
  await none.close();
  await expect(Ranking.open(none, { ...bundle, items }, clock)).resolves.toBeInstanceOf(Ranking);
});
