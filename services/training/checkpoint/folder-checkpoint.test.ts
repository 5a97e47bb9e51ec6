import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { syntheticWorld } from '../data/synthetic-world.ts';
import { settingsFor } from '../training-settings.ts';
import { FolderCheckpoint } from './folder-checkpoint.ts';

const interactions = syntheticWorld({ seed: 1, items: 30, users: 20 });
const settings = settingsFor(interactions);
const cause = { interactions, settings, seed: 1 };
const arrays = {
  iteration: Int32Array.of(3),
  items: Float32Array.of(1.5, -2),
  users: Float64Array.of(0.1, Number.NaN, Infinity),
};

let home = '';
let bundle = '';
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'checkpoint-'));
  bundle = path.join(home, 'v1');
});
afterEach(() => rm(home, { recursive: true }));

describe('FolderCheckpoint', () => {
  it('gives back what a stage left, to a later run of the same', async () => {
    const first = await FolderCheckpoint.open(bundle, cause);
    expect(await first.load('base 1')).toBeUndefined();
    await first.save('base 1', { items: Float32Array.of(0) });
    await first.save('base 1', arrays);
    const second = await FolderCheckpoint.open(bundle, cause);
    expect(await second.load('base 1')).toEqual(arrays);
    expect(await second.stages()).toEqual(['base 1']);
    expect(await second.others()).toBe(0);
  });

  it('takes a run of other data, settings or another seed for another', async () => {
    const first = await FolderCheckpoint.open(bundle, cause);
    await first.save('base 1', arrays);
    const weights = interactions.weights.with(0, 2);
    const others = await Promise.all([
      FolderCheckpoint.open(bundle, { ...cause, seed: 2 }),
      FolderCheckpoint.open(bundle, { ...cause, settings: { ...settings, halfLifeItems: 3 } }),
      FolderCheckpoint.open(bundle, { ...cause, interactions: { ...interactions, weights } }),
    ]);
    expect(new Set(others.map(({ folder }) => folder)).size).toBe(3);
    for (const other of others) {
      // oxlint-disable-next-line no-await-in-loop
      expect([await other.load('base 1'), await other.others()]).toEqual([undefined, 3]);
    }
  });

  it('leaves nothing when it is removed, but what belongs to others', async () => {
    const first = await FolderCheckpoint.open(bundle, cause);
    const other = await FolderCheckpoint.open(bundle, { ...cause, seed: 2 });
    await first.remove();
    expect(await readdir(`${bundle}.partial`)).toEqual([path.basename(other.folder)]);
    await other.remove();
    await other.remove();
    expect(await readdir(home)).toEqual([]);
  });

  it('says which file cannot be read and what to do', async () => {
    const checkpoint = await FolderCheckpoint.open(bundle, cause);
    await checkpoint.save('head', arrays);
    const file = path.join(checkpoint.folder, 'head.stage');
    await truncate(file, 60);
    await expect(checkpoint.load('head')).rejects.toThrow(/head\.stage cannot be read; remove it/);
    await writeFile(file, 'something else');
    await expect(checkpoint.load('head')).rejects.toThrow(/head\.stage cannot be read; remove it/);
  });
});
