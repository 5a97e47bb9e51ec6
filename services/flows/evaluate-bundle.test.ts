import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BundleContents } from '../domain/bundle.ts';
import { RealClock } from '../platform/clock/real-clock.ts';
import type { ModelRunner } from '../platform/model-runner/model-runner.ts';
import { openModelRunner } from '../platform/open-model-runner.ts';
import { readBundleFolder } from '../registry/bundle-folder.ts';
import { holdOutLast } from '../training/data/hold-out-last.ts';
import { syntheticWorld } from '../training/data/synthetic-world.ts';
import { SeededRandom } from '../training/seeded-random.ts';
import { KernelThreads } from '../training/threads/kernel-threads.ts';
import { trainRecommender } from '../training/train-recommender.ts';
import { settingsFor } from '../training/training-settings.ts';
import { writeBundle } from '../training/write-bundle.ts';
import { evaluateBundle, evaluatePopularity } from './evaluate-bundle.ts';
import { evaluateRandomTies, hasTiedEnds } from './evaluate-random-ties.ts';
import { evaluateReference } from './evaluate-reference.ts';
import { type EvaluationSet, lastItems, openEvaluationSet, rankedRows } from './evaluation-set.ts';
import { leaksOf, matchCatalogue } from './match-catalogue.ts';
import { DirectScorer } from './score-directly.ts';

const clock = new RealClock();
const world = syntheticWorld({ seed: 3, items: 80, users: 120 });
const threads = new KernelThreads(0);
const run = { seed: 1, threads, clock };
let folder: string;
let contents: BundleContents;
let runner: ModelRunner;
let scorer: DirectScorer;
let set: EvaluationSet;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-evaluate-'));
  const { training } = holdOutLast(world);
  const trained = await trainRecommender(training, settingsFor(training), run);
  await writeBundle(trained, { folder: join(folder, 'one'), createdMs: 0 });
  contents = await readBundleFolder(join(folder, 'one'));
  runner = openModelRunner(clock);
  scorer = await DirectScorer.open(contents, runner);
  set = lastItems(world, 1);
}, 60_000);

afterAll(async () => {
  await scorer.close();
  await runner.close();
  await rm(folder, { recursive: true });
});

describe('evaluateBundle', () => {
  it('ranks what serving scores, with the routes that serving takes', async () => {
    const given: Float32Array[] = [];
    const evaluation = await evaluateBundle(scorer, set, {
      rungs: [0, 2, 8],
      onScores: async (_, scores) => void given.push(scores),
    });
    const one = await scorer.score(set.cases[40]?.history ?? missing());
    given[40]?.forEach((score, row) => expect(score).toBeCloseTo(one.scores[row] ?? NaN, 4));
    expect(given).toHaveLength(120);
    expect(evaluation.rungs.map(({ k }) => k)).toEqual([0, 2, 8]);
    const { shares, meanK, entropyBits } = evaluation.routing;
    expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1, 9);
    expect(meanK).toBeGreaterThanOrEqual(2);
    expect(meanK).toBeLessThanOrEqual(4);
    expect(entropyBits).toBeGreaterThan(0);
  });

  it('gives a figure that the ranked candidates alone give again', async () => {
    let hits = 0;
    const { served } = await evaluateBundle(scorer, set, {
      rungs: [],
      onScores: async (asked, scores) => {
        const others = [...rankedRows(set, asked)].filter((row) => row !== asked.target);
        const above = others.filter((row) => (scores[row] ?? 0) > (scores[asked.target] ?? 0));
        if (above.length < 10) hits += 1;
      },
    });
    expect(served.quality.fullHr10).toBeCloseTo(hits / 120, 12);
  });

  it('climbs the ladder over the negatives alone where a file gives them', async () => {
    const rungs = [0, 3];
    const listed = await evaluateBundle(scorer, { ...set, ranks: 'negatives' }, { rungs });
    const whole = await evaluateBundle(scorer, set, { rungs });
    for (const [at, { quality }] of listed.rungs.entries()) {
      const { hr10, ndcg10 } = whole.rungs[at]?.quality ?? missing();
      expect(quality).toEqual({ hr10, ndcg10, fullHr10: NaN, fullNdcg10: NaN });
    }
    expect(listed.served.quality).toEqual(whole.served.quality);
  });

  it('answers nobody’s history by popularity', async () => {
    const none = { rows: new Int32Array(0), weights: new Float32Array(0), seen: new Set<number>() };
    const [prepared] = await scorer.prepare([{ ...none, path: 'popularity' }]);
    const { scores, route } = scorer.scoresOf(prepared ?? missing());
    expect(route.choices).toEqual([]);
    expect(scores).toEqual(scorer.bundle.bias);
  });
});

describe('the baselines', () => {
  it('popularity ranks by how often items were met in training', () => {
    const { quality } = evaluatePopularity(set);
    expect(quality.hr10).toBeGreaterThan(0.1);
    expect(quality.hr10).toBeLessThan(1);
  });

  it('iALS ranks what a user met above the rest, alike for one seed', async () => {
    const settings = { width: 8, alpha: 0.1, lambda: 0.01, iterations: 3 };
    const cases = set.cases.map((asked) => ({ ...asked, target: asked.met[3] ?? 0 }));
    const fit = () =>
      evaluateReference({ ...set, cases }, settings, new SeededRandom(2), { threads });
    const { quality } = await fit();
    expect(quality.hr10).toBeGreaterThan(0.7);
    expect((await fit()).quality).toEqual(quality);
  });

  it('random ties are measured on bundles of their own', async () => {
    expect(hasTiedEnds(world)).toBe(false);
    expect(hasTiedEnds({ ...world, timesMs: null })).toBe(false);
    const day = { ...world, timesMs: world.timesMs?.map((time) => Math.floor(time / 6e9)) ?? null };
    expect(hasTiedEnds(day)).toBe(true);
    const done: number[] = [];
    const onOrders = (count: number): void => void done.push(count);
    const qualities = await evaluateRandomTies(day, 2, run, { runner, onOrders });
    expect(qualities).toHaveLength(2);
    expect(qualities[0]).not.toEqual(qualities[1]);
    expect(done).toEqual([1, 2]);
  }, 60_000);
});

describe('what a bundle is measured on', () => {
  const timeless = { ...world, timesMs: null };
  const write = async (text: string, name: string): Promise<void> => {
    await writeFile(join(folder, name), `user\titem\tnegatives\n${text}`);
  };

  it('is each user’s last item, and 99 negatives or all that were never met', () => {
    const asked = set.cases[0] ?? missing();
    expect(asked.target).toBe(world.itemRows[(world.offsets[1] ?? 0) - 1]);
    expect(asked.history.rows).toHaveLength((world.offsets[1] ?? 0) - 1);
    expect(asked.negatives).toHaveLength(80 - (world.offsets[1] ?? 0));
    const met = new Set([...asked.met, asked.target]);
    expect(asked.negatives.some((row) => met.has(row))).toBe(false);
    expect(lastItems(world, 1)).toEqual(set);
  });

  it('is what a file says where there are no times; a negative equal to the target is skipped', async () => {
    await write('user-0002\tfilm-0005\tfilm-0001,film-0005,film-0009\n', 'validation.tsv');
    const opened = await openEvaluationSet(timeless, folder, undefined, 1);
    const [asked] = opened.cases;
    expect(asked).toMatchObject({ user: 'user-0002', userRow: 1, target: 4 });
    expect([...(asked?.negatives ?? [])]).toEqual([0, 8]);
    expect([...rankedRows(opened, asked ?? missing())]).toEqual([4, 0, 8]);
    await write('user-0001\tfilm-0007\tfilm-0001\n', 'test.tsv');
    const preferred = await openEvaluationSet(timeless, folder, undefined, 1);
    expect(preferred.cases[0]?.user).toBe('user-0001');
  });

  it('says what it misses', async () => {
    const open = (path: string, data = timeless) => openEvaluationSet(data, folder, path, 1);
    await expect(openEvaluationSet(timeless, tmpdir(), undefined, 1)).rejects.toThrow(
      /no test.tsv or validation.tsv/,
    );
    await write('nobody\tfilm-0007\tfilm-0001\n', 'x.tsv');
    await expect(open(join(folder, 'x.tsv'))).rejects.toThrow(/user nobody is not in synthetic/);
    await write('user-0001\tfilm-9999\tfilm-0001\n', 'x.tsv');
    await expect(open(join(folder, 'x.tsv'))).rejects.toThrow(/item film-9999 is not in/);
    const timed = openEvaluationSet(world, folder, join(folder, 'x.tsv'), 1);
    await expect(timed).rejects.toThrow(/--targets is for data without/);
  });
});

describe('a bundle and its data', () => {
  it('must have the same catalogue, in whatever order', () => {
    const turned = { ...world, items: world.items.toReversed() };
    const matched = matchCatalogue(turned, scorer.bundle, contents.manifest);
    expect(matched.items).toEqual(world.items);
    expect(matched.itemRows[0]).toBe(79 - (world.itemRows[0] ?? 0));
    const match = (data: Partial<typeof world>) => () =>
      matchCatalogue({ ...world, ...data }, scorer.bundle, contents.manifest);
    expect(match({ source: 'movielens-1m' })).toThrow(/trained on synthetic, --data is movielens/);
    expect(match({ items: world.items.slice(1) })).toThrow(/has 80 items, the data has 79/);
    const [first, ...rest] = world.items;
    const renamed = [{ ...(first ?? missing()), id: 'x' }, ...rest];
    expect(match({ items: renamed })).toThrow(/does not know item x/);
  });

  it('leak when the bundle was trained on more, or a history holds the target', () => {
    const { manifest } = contents;
    expect(leaksOf(set, manifest)).toEqual([]);
    const seen = {
      ...set,
      training: { ...set.training, itemRows: set.training.itemRows.slice(1) },
    };
    expect(leaksOf(seen, manifest)[0]).toMatch(/trained on \d+ interactions/);
    expect(leaksOf(set, { lineage: {} })[0]).toMatch(/trained on NaN/);
    const cases = set.cases.map((asked) => ({ ...asked, met: Int32Array.of(asked.target) }));
    expect(leaksOf({ ...set, cases }, manifest)[0]).toMatch(/120 users contain the very item/);
  });
});

function missing(): never {
  throw new Error('missing');
}
