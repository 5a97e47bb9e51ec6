import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BundleContents } from '../../services/domain/bundle.ts';
import { DirectScorer } from '../../services/flows/score-directly.ts';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import type { ModelRunner } from '../../services/platform/model-runner/model-runner.ts';
import { openModelRunner } from '../../services/platform/open-model-runner.ts';
import { recommenderMixture } from '../../services/recommender/recommender-bundle.ts';
import { listBundleFolders, openBundleFolder } from '../../services/registry/bundle-folder.ts';
import { readData } from '../../services/training/data/read-data.ts';
import { ExpertModels } from './expert-models.ts';

const modelsDir = fileURLToPath(new URL('../../models', import.meta.url));
const maxBytes = 10_000_000;
const { versions, unreadable } = await listBundleFolders(modelsDir, recommenderMixture);

test('a bundle ships', () => {
  expect(unreadable).toEqual([]);
  expect(versions.length).toBeGreaterThan(0);
});

describe.each(versions)('the bundle that ships: %s', (version) => {
  let contents: BundleContents;
  let runner: ModelRunner;

  beforeAll(async () => {
    contents = await openBundleFolder(modelsDir, recommenderMixture, version);
    runner = openModelRunner(new RealClock());
  });
  afterAll(() => runner.close());

  test('a worker takes it: each of its eight experts gives its golden outputs', async () => {
    const { golden, experts } = contents.manifest;
    const names = experts.map(({ name }) => name);
    expect(names).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
    expect(new Set(golden.map(({ expert }) => expert))).toEqual(new Set(names));
    const models = new ExpertModels(runner, () => true);
    await models.load(contents);
    expect(models.ready).toEqual([{ mixture: recommenderMixture, bundle: version }]);
    await models.close();
  });

  test('the serving path opens it and ranks its own world’s items for its users', async () => {
    const { seed, users, items, data } = contents.manifest.lineage;
    const world = await readData(String(data), Number(seed));
    expect([world.users.length, world.items.length]).toEqual([users, items]);
    const scorer = await DirectScorer.open(contents, runner);
    const rows = world.itemRows.slice(world.offsets[0], world.offsets[1]);
    const weights = new Float32Array(rows.length).fill(1);
    const { scores, route } = await scorer.score({ rows, weights, seen: new Set(), path: 'user' });
    expect(scores).toHaveLength(Number(items));
    expect(scores.every((score) => Number.isFinite(score))).toBe(true);
    expect(new Set(scores).size).toBeGreaterThan(scores.length / 2);
    expect(route.choices.length).toBeGreaterThanOrEqual(2);
    await scorer.close();
  });

  test('is small enough to live in the repository', () => {
    const bytes = contents.manifest.files.reduce((sum, file) => sum + file.bytes, 0);
    expect(bytes).toBeLessThan(maxBytes);
  });

  test('spreads its requests over the experts as it should', () => {
    const { balance_loss, entropy_bits, mean_k, shares } = contents.manifest.metrics;
    expect(balance_loss).toBeGreaterThanOrEqual(0.009);
    expect(balance_loss).toBeLessThanOrEqual(0.011);
    expect(entropy_bits).toBeGreaterThanOrEqual(1.1);
    expect(entropy_bits).toBeLessThanOrEqual(1.3);
    expect(mean_k).toBeGreaterThanOrEqual(2);
    expect(mean_k).toBeLessThanOrEqual(2.8);
    const each = typeof shares === 'object' ? shares : [];
    expect(each).toHaveLength(8);
    expect(Math.min(...each)).toBeGreaterThanOrEqual(0.05);
    expect(Math.max(...each)).toBeLessThanOrEqual(0.25);
  });
});
