import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { readData } from '../../services/training/data/read-data.ts';
import { syntheticWorld } from '../../services/training/data/synthetic-world.ts';
import { KernelThreads } from '../../services/training/threads/kernel-threads.ts';
import { trainRecommender } from '../../services/training/train-recommender.ts';
import { settingsFor } from '../../services/training/training-settings.ts';
import { writeBundle } from '../../services/training/write-bundle.ts';

/** A world of our own in the layout of the MovieLens-1M benchmark: the last item of each user held out. */
const world = syntheticWorld({ seed: 4, items: 150, users: 80 });
const negatives = 20;
let folder: string;
let bundle: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-evaluate-command-'));
  bundle = join(folder, 'one');
  const { items, users, offsets, itemRows } = world;
  const train: string[] = ['user\titem\tband'];
  const test: string[] = ['user\titem\tnegatives'];
  for (const user of users.keys()) {
    const history = [...itemRows.subarray(offsets[user], offsets[user + 1])];
    for (const item of history.slice(0, -1)) train.push(`${user}\t${item}\t4`);
    const others = [...items.keys()].filter((row) => !history.includes(row)).slice(0, negatives);
    test.push(`${user}\t${history.at(-1)}\t${others.join()}`);
  }
  const write = (name: string, lines: readonly string[]): Promise<void> =>
    writeFile(join(folder, name), `${lines.join('\n')}\n`);
  await write('train.tsv', train);
  await write('test.tsv', test);
  await write('item_map.tsv', ['ncf_item\tmovie_id', ...items.map((_, row) => `${row}\t${row}`)]);
  await write(
    'movies.dat',
    items.map(({ title }, row) => `${row}::${title} (1999)::Drama`),
  );
  const clock = new RealClock();
  const data = await readData(folder, 1);
  const threads = new KernelThreads(0);
  const trained = await trainRecommender(data, settingsFor(data), { seed: 1, threads, clock });
  await writeBundle(trained, { folder: bundle, createdMs: 0 });
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

describe('npm run evaluate', () => {
  it('gives figures that its scores give again', async () => {
    const scores = join(folder, 'scores.tsv');
    const { stdout, stderr } = await run('--data', folder, '--scores', scores, '--json');
    const figures = JSON.parse(stdout);
    expect(figures).toMatchObject({ users: 80, leaked: false, data: 'movielens-1m' });
    expect(figures.shares).toHaveLength(8);
    expect(figures.per_k.map((rung: { k: number }) => rung.k)).toEqual([0, 1, 2, 3, 4, 8]);
    for (const name of ['full_hr10', 'full_ndcg10', 'balance_loss', 'entropy_bits', 'mean_k']) {
      expect(figures[name]).toBeGreaterThan(0);
    }
    expect(figures.per_k[0]).toEqual({
      k: 0,
      hr10: expect.any(Number),
      ndcg10: expect.any(Number),
      hr10_regret: expect.any(Number),
      ndcg10_regret: expect.any(Number),
    });
    expect(figures.reference).toMatch(/^iALS-64/);
    const [low, high] = figures.ndcg10_gain_interval;
    expect(figures.ndcg10_gain).toBeGreaterThan(low);
    expect(figures.ndcg10_gain).toBeLessThan(high);
    expect(stderr).toMatch(/answering: 80 of 80 users/);
    const again = await recompute(scores);
    expect(figures.hr10).toBeCloseTo(again.hr10, 6);
    expect(figures.ndcg10).toBeCloseTo(again.ndcg10, 6);
  }, 60_000);

  it('warns of a bundle that has seen what it is asked for', async () => {
    const seen = join(folder, 'seen.tsv');
    const [first] = (await readFile(join(folder, 'train.tsv'), 'utf8')).split('\n').slice(1);
    await writeFile(seen, `${first?.split('\t').slice(0, 2).join('\t')}\t149\n`);
    const args = ['--data', folder, '--targets', seen, '--reference', 'none', '--json'];
    const { stdout, stderr } = await run(...args);
    expect(JSON.parse(stdout)).toMatchObject({ users: 1, leaked: true });
    expect(stderr).toMatch(/WARNING: figures too good, the histories of 1 users contain/);
  }, 60_000);

  it.each([
    [64, ['--data', 'synthetic', '--reference', 'svd'], /--reference must be ials or none/],
    [64, ['--data', 'synthetic', '--random-ties', 'x'], /--random-ties must be 0 to 100/],
    [64, [], /--data is missing/],
    [78, ['--data', 'synthetic'], /trained on movielens-1m, --data is synthetic/],
    [78, ['--data', join(tmpdir(), 'nothing-here')], /cannot read the data folder/],
  ])(
    'ends with %i for %j',
    async (code, args, message) => {
      await expect(run(...args)).rejects.toMatchObject({
        code,
        stderr: expect.stringMatching(message),
      });
    },
    60_000,
  );

  it('names a bundle that is not there', async () => {
    const failure = command('--bundle', join(folder, 'none'), '--data', folder);
    await expect(failure).rejects.toMatchObject({
      code: 78,
      stderr: expect.stringMatching(/none is missing/),
    });
  }, 60_000);
});

/** The figures of the files alone, as somebody else would compute them. */
async function recompute(path: string): Promise<{ hr10: number; ndcg10: number }> {
  const scores = new Map<string, number>();
  for (const line of (await readFile(path, 'utf8')).trimEnd().split('\n')) {
    const [user, item, score] = line.split('\t');
    scores.set(`${user} ${item}`, Number(score));
  }
  const targets = (await readFile(join(folder, 'test.tsv'), 'utf8')).trimEnd().split('\n').slice(1);
  expect(scores.size).toBe(targets.length * (negatives + 1));
  const ranks = targets.map((line) => {
    const [user, item, others = ''] = line.split('\t');
    const mine = scores.get(`${user} ${item}`) ?? NaN;
    const theirs = others.split(',').map((other) => scores.get(`${user} ${other}`) ?? NaN);
    return (
      theirs.filter((score) => score > mine).length +
      theirs.filter((score) => score === mine).length / 2
    );
  });
  const hits = ranks.filter((rank) => rank < 10);
  const gains = hits.map((rank) => 1 / Math.log2(rank + 2));
  return {
    hr10: hits.length / ranks.length,
    ndcg10: gains.reduce((sum, gain) => sum + gain, 0) / ranks.length,
  };
}

function run(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return command('--bundle', bundle, ...args);
}

async function command(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const script = join(import.meta.dirname, 'evaluate.ts');
  return await new Promise((resolve, reject) => {
    execFile(process.execPath, [script, ...args], (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr });
      else reject(Object.assign(error, { stdout, stderr }));
    });
  });
}
