import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RealClock } from '../platform/clock/real-clock.ts';
import type { ModelRunner } from '../platform/model-runner/model-runner.ts';
import { openModelRunner } from '../platform/open-model-runner.ts';
import type { KnownHistory } from '../recommender/history.ts';
import { readBundleFolder } from '../registry/bundle-folder.ts';
import { syntheticWorld } from '../training/data/synthetic-world.ts';
import { KernelThreads } from '../training/threads/kernel-threads.ts';
import { trainRecommender } from '../training/train-recommender.ts';
import type { TrainedRecommender } from '../training/trained-recommender.ts';
import { settingsFor } from '../training/training-settings.ts';
import { writeBundle } from '../training/write-bundle.ts';
import { proveBundle } from './prove-bundle.ts';
import { DirectScorer } from './score-directly.ts';

const world = syntheticWorld({ seed: 1, items: 80, users: 200 });
let trained: TrainedRecommender;
let folder: string;
let runner: ModelRunner;
let scorer: DirectScorer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-direct-'));
  const clock = new RealClock();
  const threads = new KernelThreads(0);
  trained = await trainRecommender(world, settingsFor(world), { seed: 1, threads, clock });
  await writeBundle(trained, { folder: join(folder, 'one'), createdMs: 0 });
  runner = openModelRunner(clock);
  scorer = await DirectScorer.open(await readBundleFolder(join(folder, 'one')), runner);
}, 60_000);

afterAll(async () => {
  await scorer.close();
  await runner.close();
  await rm(folder, { recursive: true });
});

test('a bundle is served as it was trained', async () => {
  const contents = await readBundleFolder(join(folder, 'one'));
  expect(await proveBundle(contents, trained, world, runner)).toBeLessThanOrEqual(1e-4);
});

test('a bundle that says something else than what was trained is refused', async () => {
  const contents = await readBundleFolder(join(folder, 'one'));
  const bias = trained.tables.bias.map((value) => value + 0.001);
  const other = { ...trained, tables: { ...trained.tables, bias } };
  await expect(proveBundle(contents, other, world, runner)).rejects.toThrow(/served scores differ/);
});

test('without an expert the answers of its users change, and every expert has users', async () => {
  const experts = new Map(
    scorer.bundle.experts.map((expert) => [expert, { users: 0, changed: 0 }]),
  );
  for (let user = 0; user < 60; user += 1) {
    /* oxlint-disable no-await-in-loop -- one user after the other */
    const full = await scorer.score(historyOf(user));
    for (const { expert } of full.route.choices) {
      const without = await scorer.score(historyOf(user), undefined, (name) => name !== expert);
      const counts = experts.get(expert) ?? { users: 0, changed: 0 };
      counts.users += 1;
      if (without.scores.some((score, row) => score !== full.scores[row])) counts.changed += 1;
    }
    /* oxlint-enable no-await-in-loop */
  }
  for (const { users, changed } of experts.values()) {
    expect(users).toBeGreaterThan(0);
    expect(changed).toBe(users);
  }
});

test('the eight experts differ pairwise', async () => {
  const alone = { threshold: 0, minExperts: 1, maxExperts: 1 };
  const answers = await Promise.all(
    scorer.bundle.experts.map(async (expert) => {
      const { scores } = await scorer.score(historyOf(0), alone, (name) => name === expert);
      return scores.join(' ');
    }),
  );
  expect(new Set(answers).size).toBe(8);
});

function historyOf(user: number): KnownHistory {
  const rows = world.itemRows.slice(world.offsets[user], world.offsets[user + 1]);
  const weights = new Float32Array(rows.length).fill(1);
  return { rows, weights, seen: new Set(), path: 'user' };
}
