import { BaseVectors } from '../../../services/recommender/base-vectors.ts';
import type { KnownHistory } from '../../../services/recommender/history.ts';
import {
  openRecommenderBundle,
  recommenderMixture,
} from '../../../services/recommender/recommender-bundle.ts';
import { listBundleFolders, openBundleFolder } from '../../../services/registry/bundle-folder.ts';
import type { ModelRunner } from '../../../services/platform/model-runner/model-runner.ts';
import type { Interactions } from '../../../services/training/data/interactions.ts';

/** Computes base vectors and nothing else. */
export interface FoldInAlone {
  /** Those of a user's whole history. */
  foldIn(this: void, user: number): Promise<void>;
  close(this: void): Promise<void>;
}

/** The fold-in of the one bundle in `modelsDir`, in the runner's threads as the product has it. */
export async function openFoldInAlone(
  runner: ModelRunner,
  modelsDir: string,
  interactions: Interactions,
): Promise<FoldInAlone> {
  const { versions } = await listBundleFolders(modelsDir, recommenderMixture);
  const [version = ''] = versions;
  const contents = await openBundleFolder(modelsDir, recommenderMixture, version);
  const bundle = openRecommenderBundle(contents);
  const base = await BaseVectors.open(runner, bundle);
  const histories = interactions.users.map((_, user) => historyOf(interactions, user, bundle.rows));
  return {
    foldIn: async (user) => {
      const history = histories[user];
      if (history !== undefined) await base.of(history);
    },
    close: () => base.close(),
  };
}

function historyOf(
  { items, itemRows, offsets }: Interactions,
  user: number,
  rowOf: ReadonlyMap<string, number>,
): KnownHistory {
  const met = itemRows.subarray(offsets[user] ?? 0, offsets[user + 1]);
  const rows = Array.from(met, (row) => rowOf.get(items[row]?.id ?? '') ?? 0);
  const weights = new Float32Array(rows.length).fill(1);
  return { rows: Int32Array.from(rows), weights, seen: new Set(rows), path: 'user' };
}
