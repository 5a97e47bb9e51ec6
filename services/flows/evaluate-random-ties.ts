import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Quality } from '../evaluation/quality-tally.ts';
import type { ModelRunner } from '../platform/model-runner/model-runner.ts';
import { readBundleFolder } from '../registry/bundle-folder.ts';
import type { Interactions } from '../training/data/interactions.ts';
import { shuffleTies } from '../training/data/shuffle-ties.ts';
import { SeededRandom } from '../training/seeded-random.ts';
import { trainRecommender, type TrainingRun } from '../training/train-recommender.ts';
import { settingsFor } from '../training/training-settings.ts';
import { writeBundle } from '../training/write-bundle.ts';
import { evaluateBundle } from './evaluate-bundle.ts';
import { lastItems } from './evaluation-set.ts';
import { DirectScorer } from './score-directly.ts';

/** Whether some user's last item shares its time with the one before: then ties decide figures. */
export function hasTiedEnds({ offsets, users, timesMs }: Interactions): boolean {
  if (timesMs === null) return false;
  return users.some((_, user) => {
    const last = (offsets[user + 1] ?? 0) - 1;
    return last > (offsets[user] ?? 0) && timesMs[last] === timesMs[last - 1];
  });
}

/**
 * The quality of the recipe when items of equal time come in random order. Another order has other
 * last items, which the bundle at hand may have been trained on; so each order gets a bundle of its
 * own, trained today without its own last items, served and measured like any other.
 * @param orders how many.
 * @param run its seed also decides the orders.
 * @param onOrders told how many orders are done.
 * @returns one for each order.
 */
export async function evaluateRandomTies(
  interactions: Interactions,
  orders: number,
  run: TrainingRun,
  { runner, onOrders }: { readonly runner: ModelRunner; onOrders?: (done: number) => void },
): Promise<readonly Quality[]> {
  const random = new SeededRandom(run.seed);
  const qualities: Quality[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'chorus-ties-'));
  try {
    for (let order = 0; order < orders; order += 1) {
      const shuffled = shuffleTies(interactions, random);
      const place = join(folder, `order-${order}`);
      // oxlint-disable-next-line no-await-in-loop -- each uses every core
      qualities.push(await measure(shuffled, place, run, runner));
      onOrders?.(order + 1);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return qualities;
}

async function measure(
  interactions: Interactions,
  folder: string,
  run: TrainingRun,
  runner: ModelRunner,
): Promise<Quality> {
  const set = lastItems(interactions, run.seed);
  const model = await trainRecommender(set.training, settingsFor(set.training), run);
  await writeBundle(model, { folder, createdMs: run.clock.nowMs() });
  const scorer = await DirectScorer.open(await readBundleFolder(folder), runner);
  try {
    return (await evaluateBundle(scorer, set, { rungs: [] })).served.quality;
  } finally {
    await scorer.close();
  }
}
