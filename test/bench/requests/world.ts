import { mkdtemp, mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ItemRecord } from '../../../services/recommender/recommender-parameters.ts';
import type { Interactions, Met } from '../../../services/training/data/interactions.ts';
import { packInteractions } from '../../../services/training/data/interactions.ts';
import { readData } from '../../../services/training/data/read-data.ts';
import { syntheticWorld } from '../../../services/training/data/synthetic-world.ts';
import { SeededRandom } from '../../../services/training/seeded-random.ts';
import { root } from '../../structure/source-files.ts';

/** What a measured Chorus serves and to whom. */
export interface BenchWorld {
  /** Which bundle, in words. */
  readonly name: string;
  readonly modelsDir: string;
  /** Users with histories over the bundle's items. */
  readonly interactions: Interactions;
  /** Removes what was made for it. */
  clear(): Promise<void>;
}

const shippedBundle = join(root, 'models/recommender/synthetic-1');
/** Users of a bundle whose own are not to be had. */
const inventedUsers = 2000;
const shortestHistory = 20;
const longestHistory = 120;

/**
 * A bundle and users for it: those of its own synthetic world; or those of `data`; or invented
 * ones, who like popular items.
 * @param bundle folder with a manifest; the bundle that ships when undefined.
 * @param data folder of the data set that the bundle was trained on.
 */
export async function openWorld(
  bundle: string | undefined,
  data: string | undefined,
): Promise<BenchWorld> {
  const folder = resolve(bundle ?? shippedBundle);
  const manifest: BundleManifest = JSON.parse(
    await readFile(join(folder, 'manifest.json'), 'utf8'),
  );
  const modelsDir = await mkdtemp(join(tmpdir(), 'chorus-bench-models-'));
  await mkdir(join(modelsDir, 'recommender'));
  await symlink(folder, join(modelsDir, 'recommender', manifest.version));
  return {
    name: `recommender/${manifest.version}`,
    modelsDir,
    interactions: await usersFor(folder, manifest, data),
    clear: () => rm(modelsDir, { recursive: true, force: true }),
  };
}

interface BundleManifest {
  readonly version: string;
  readonly lineage: Readonly<Record<string, unknown>>;
}

async function usersFor(
  folder: string,
  { lineage }: BundleManifest,
  data: string | undefined,
): Promise<Interactions> {
  if (data !== undefined) return await readData(data, 1);
  if (lineage['data'] === 'synthetic') {
    return syntheticWorld({
      seed: Number(lineage['seed']),
      items: Number(lineage['items']),
      users: Number(lineage['users']),
    });
  }
  return invent(JSON.parse(await readFile(join(folder, 'items.json'), 'utf8')));
}

function invent(items: readonly ItemRecord[]): Interactions {
  const random = new SeededRandom(1);
  const history = (): readonly Met[] => {
    const rows = new Set<number>();
    const length = shortestHistory + random.below(longestHistory - shortestHistory);
    // The third power: a few items have most of the views.
    while (rows.size < length) rows.add(Math.floor(random.uniform() ** 3 * items.length));
    return Array.from(rows, (itemRow) => ({ itemRow, weight: 1, timeMs: 0 }));
  };
  const users = Array.from({ length: inventedUsers }, (_, index) => `user-${index + 1}`);
  const histories = new Map(users.map((user) => [user, history()]));
  return packInteractions({ source: 'invented', items, histories, hasTimes: false });
}
