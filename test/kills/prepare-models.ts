import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { syntheticWorld } from '../../services/training/data/synthetic-world.ts';
import { smallWorld, writeSmallBundle } from '../e2e/small-bundle.ts';
import { root } from '../structure/source-files.ts';
import type { KillClusterSettings } from './kill-cluster.ts';

/** What the killed cluster serves. */
export interface PreparedModels extends KillClusterSettings {
  /** Which bundle, in words. */
  readonly name: string;
  /** Removes what was made for it. */
  clear(): Promise<void>;
}

/** The bundle that ships and the world that it was made from; where none ships, a small one of its own. */
export async function prepareModels(): Promise<PreparedModels> {
  const shipped = join(root, 'models');
  if (existsSync(join(shipped, 'recommender'))) {
    const world = syntheticWorld({ seed: 1 });
    return { name: 'models/recommender', modelsDir: shipped, world, clear: async () => undefined };
  }
  const modelsDir = await mkdtemp(join(tmpdir(), 'chorus-kills-'));
  await writeSmallBundle(modelsDir);
  return {
    name: 'a small bundle (8 experts, 80 items)',
    modelsDir,
    world: smallWorld(),
    clear: () => rm(modelsDir, { recursive: true }),
  };
}
