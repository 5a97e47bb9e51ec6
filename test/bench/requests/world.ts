import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { syntheticWorld } from '../../../services/training/data/synthetic-world.ts';
import type { Interactions } from '../../../services/training/data/interactions.ts';
import { root } from '../../structure/source-files.ts';

/** What a measured Chorus serves and to whom. */
export interface BenchWorld {
  /** Which bundle, in words. */
  readonly name: string;
  readonly modelsDir: string;
  /** Users with histories over the bundle's items. */
  readonly interactions: Interactions;
}

const shippedBundle = 'recommender/synthetic-1';

/** The bundle that ships, with the users of the world that it was made from. */
export async function shippedWorld(): Promise<BenchWorld> {
  const modelsDir = join(root, 'models');
  const manifest = await readFile(join(modelsDir, shippedBundle, 'manifest.json'), 'utf8');
  const { lineage }: { lineage: Record<string, unknown> } = JSON.parse(manifest);
  const interactions = syntheticWorld({
    seed: Number(lineage['seed']),
    items: Number(lineage['items']),
    users: Number(lineage['users']),
  });
  return { name: shippedBundle, modelsDir, interactions };
}
