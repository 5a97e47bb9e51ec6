import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RealClock } from '../platform/clock/real-clock.ts';
import { type Checkpoint, noCheckpoint } from './checkpoint/checkpoint.ts';
import { FolderCheckpoint } from './checkpoint/folder-checkpoint.ts';
import { syntheticWorld } from './data/synthetic-world.ts';
import { KernelThreads } from './threads/kernel-threads.ts';
import { trainRecommender } from './train-recommender.ts';
import { type TrainedRecommender } from './trained-recommender.ts';
import { settingsFor, type TrainingSettings } from './training-settings.ts';

const interactions = syntheticWorld({ seed: 2, items: 60, users: 120 });
const usual = settingsFor(interactions);
const settings: TrainingSettings = {
  ...usual,
  baseBlocks: [8, 4].map((width) => {
    return { width, alpha: 0.1, lambda: 0.01, iterations: 2, weight: 0.2 };
  }),
  experts: { ...usual.experts, width: 6, lambda: 20 },
};
const cause = { interactions, settings, seed: 5 };

/** Two iterations of each base, the gate, the experts, the head. */
const saves = 7;

/** Passes everything on until so many stages were kept, then fails like a process that is killed. */
function killedAfter(checkpoint: Checkpoint, kept: number): Checkpoint {
  let left = kept;
  return {
    load: async (stage) => await checkpoint.load(stage),
    save: async (stage, arrays) => {
      await checkpoint.save(stage, arrays);
      left -= 1;
      if (left === 0) throw new Error('killed');
    },
  };
}

async function train(checkpoint: Checkpoint, stages: string[] = []): Promise<TrainedRecommender> {
  const threads = new KernelThreads(0);
  const onProgress = ({ stage }: { readonly stage: string }) => {
    if (stages.at(-1) !== stage) stages.push(stage);
  };
  const run = { seed: cause.seed, threads, clock: new RealClock(), checkpoint, onProgress };
  return await trainRecommender(interactions, settings, run);
}

let folder = '';
let uninterrupted: TrainedRecommender;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'resume-'));
  uninterrupted = await train(noCheckpoint);
});
afterAll(() => rm(folder, { recursive: true }));

describe('trainRecommender', () => {
  it.each(Array.from({ length: saves }, (_, at) => at + 1))(
    'ended after %i of its stages and iterations, becomes the same as if it had not been',
    async (kept) => {
      const bundle = path.join(folder, `killed-after-${kept}`);
      const first = await FolderCheckpoint.open(bundle, cause);
      await expect(train(killedAfter(first, kept))).rejects.toThrow('killed');
      const second = await FolderCheckpoint.open(bundle, cause);
      expect(await train(second)).toEqual(uninterrupted);
    },
  );

  it('ended many times, goes on each time instead of beginning again', async () => {
    const checkpoint = await FolderCheckpoint.open(path.join(folder, 'often'), cause);
    for (let at = 0; at < saves; at += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one run after the other
      await expect(train(killedAfter(checkpoint, 1))).rejects.toThrow('killed');
    }
    const stages: string[] = [];
    expect(await train(checkpoint, stages)).toEqual(uninterrupted);
    expect(stages).toEqual([]);
  });
});
