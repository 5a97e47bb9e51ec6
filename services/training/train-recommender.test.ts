import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExpertSignature, type Manifest } from '../domain/bundle.ts';
import { floatsOf, floatTensor, intTensor } from '../domain/tensor.ts';
import { RealClock } from '../platform/clock/real-clock.ts';
import { OnnxModelRunner } from '../platform/model-runner/onnx-model-runner.ts';
import { syntheticWorld } from './data/synthetic-world.ts';
import { referenceScores } from './reference-scores.ts';
import { KernelThreads } from './threads/kernel-threads.ts';
import { trainRecommender } from './train-recommender.ts';
import { type TrainedRecommender } from './trained-recommender.ts';
import { settingsFor, type TrainingSettings } from './training-settings.ts';
import { writeBundle } from './write-bundle.ts';

const clock = new RealClock();
const world = syntheticWorld({ seed: 1, items: 90, users: 200 });
const usual = settingsFor(world);
const settings: TrainingSettings = {
  ...usual,
  baseBlocks: usual.baseBlocks.map((block) =>
    Object.assign({}, block, { width: 8, iterations: 3 }),
  ),
  experts: { ...usual.experts, width: 6, lambda: 20 },
};

async function train(threadCount: number): Promise<TrainedRecommender> {
  const threads = new KernelThreads(threadCount);
  try {
    return await trainRecommender(world, settings, { seed: 7, threads, clock });
  } finally {
    await threads.close();
  }
}

let folder = '';
let model: TrainedRecommender;
let manifest: Manifest;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bundle-'));
  model = await train(0);
  manifest = await writeBundle(model, { folder: path.join(folder, 'a/v1'), createdMs: 5 });
});
afterAll(() => rm(folder, { recursive: true }));

/** Every file of a bundle, as text that a difference can be read from. */
async function contents(bundle: string): Promise<Record<string, string>> {
  const names = (await readdir(bundle)).toSorted();
  const read = names.map(async (name) => [
    name,
    (await readFile(path.join(bundle, name))).toString('base64'),
  ]);
  return Object.fromEntries(await Promise.all(read));
}

describe('trainRecommender', () => {
  it('gives identical bytes for one seed, whatever the number of threads', async () => {
    const again = await train(2);
    await writeBundle(again, { folder: path.join(folder, 'b/v1'), createdMs: 5 });
    expect(await contents(path.join(folder, 'b/v1'))).toEqual(
      await contents(path.join(folder, 'a/v1')),
    );
  });

  it('reaches balance and entropy together', () => {
    expect(model.metrics['balance_loss']).toBeCloseTo(0.01, 3);
    expect(model.metrics['entropy_bits']).toBeCloseTo(1.2, 1);
    expect(model.metrics['mean_k']).toBeLessThanOrEqual(2.8);
  });

  it('trains eight experts that differ pairwise', () => {
    const tables = model.experts.map(({ table }) => Buffer.from(table.slice().buffer));
    expect(tables).toHaveLength(8);
    const differing = new Set(tables.map((table) => table.toString('base64')));
    expect(differing.size).toBe(8);
  });

  it('scores on one scale: each block has mean 0 and its weight as spread', () => {
    const { baseBlocks, expertBlock, sequence } = model.parameters;
    const quiet = { ...sequence, weight: 0 };
    const parameters = {
      ...model.parameters,
      sequence: quiet,
      expertBlock: { ...expertBlock, weight: 0 },
    };
    const bias = new Float32Array(world.items.length);
    const baseOnly = { ...model, parameters, tables: { ...model.tables, bias } };
    const history = [3, 40, 17].map((row) => ({ row, weight: 1 }));
    const { scores } = referenceScores(baseOnly, history);
    const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
    const spread = Math.sqrt(scores.reduce((sum, s) => sum + (s - mean) ** 2, 0) / scores.length);
    expect(mean).toBeCloseTo(0, 5);
    expect(spread).toBeCloseTo(baseBlocks[0]?.weight ?? 0, 4);
  });

  it('falls back to popularity for an unknown user', () => {
    const { scores } = referenceScores(model, []);
    expect([...scores]).toEqual([...model.tables.bias]);
  });
});

describe('writeBundle', () => {
  it('lists every file but itself, with its size', async () => {
    const names = await readdir(path.join(folder, 'a/v1'));
    expect(manifest.files.map((file) => file.path).toSorted()).toEqual(
      names.filter((name) => name !== 'manifest.json').toSorted(),
    );
    expect(manifest.version).toBe('v1');
  });

  it('never overwrites a bundle', async () => {
    const place = { folder: path.join(folder, 'a/v1'), createdMs: 6 };
    await expect(writeBundle(model, place)).rejects.toMatchObject({ code: 'already_exists' });
    await expect(
      writeBundle(model, { ...place, folder: path.join(folder, 'V 1') }),
    ).rejects.toThrow('version');
    expect(await readdir(path.join(folder, 'a'))).toEqual(['v1']);
  });

  it('writes graphs that give the golden vectors', async () => {
    const runner = new OnnxModelRunner({ clock, threads: 1 });
    try {
      const parities = await Promise.all(manifest.experts.map((expert) => run(runner, expert)));
      for (const { expected, given } of parities) {
        expect(expected).toHaveLength(12);
        expect(given).toHaveLength(12);
        given.forEach((value, at) => expect(value).toBeCloseTo(expected[at] ?? Number.NaN, 5));
      }
    } finally {
      await runner.close();
    }
  });
});

/** What an expert's graph gives for its golden inputs, and what it should. */
async function run(runner: OnnxModelRunner, expert: ExpertSignature) {
  const golden = manifest.golden.find((vector) => vector.expert === expert.name);
  const [items, weights] = golden?.inputs ?? [];
  const bytes = new Uint8Array(await readFile(path.join(folder, 'a/v1', expert.file)));
  const loaded = await runner.load(expert.name, bytes, expert);
  const { outputs } = await loaded.run([
    intTensor('items', items?.shape ?? [], Int32Array.from(items?.values ?? [])),
    floatTensor('weights', weights?.shape ?? [], Float32Array.from(weights?.values ?? [])),
  ]);
  const [z] = outputs;
  return {
    expected: golden?.outputs[0]?.values ?? [],
    given: z === undefined ? [] : [...floatsOf(z)],
  };
}
