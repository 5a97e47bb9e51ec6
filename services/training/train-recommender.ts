import { ChorusError } from '../domain/errors.ts';
import { type Clock } from '../platform/clock/clock.ts';
import { assembleRecommender } from './assemble-recommender.ts';
import { type Checkpoint, noCheckpoint } from './checkpoint/checkpoint.ts';
import { type Interactions } from './data/interactions.ts';
import { planStages } from './plan-stages.ts';
import { type KernelThreads } from './threads/kernel-threads.ts';
import { type TrainedRecommender } from './trained-recommender.ts';
import { ProgressMeter, type TrainingProgress } from './training-progress.ts';
import { type TrainingSettings } from './training-settings.ts';
import { TrainingStages } from './training-stages.ts';

/** What a training run needs beside data and settings. */
export interface TrainingRun {
  /** Equal seeds, data and settings give equal bytes, whatever the number of threads. */
  readonly seed: number;
  readonly threads: KernelThreads;
  readonly clock: Clock;
  /** Where finished stages are kept, of this same run or an earlier one; none are unless told. */
  readonly checkpoint?: Checkpoint;
  readonly onProgress?: (progress: TrainingProgress) => void;
  /** What else the lineage shall say. */
  readonly lineage?: Readonly<Record<string, string | number>>;
}

/**
 * Trains a recommender in closed form: iALS base models, a Sinkhorn-balanced gate on their
 * folded-in users, one local EASE per community as experts, all experts on one shared head, and
 * the transitions between items.
 * @throws ChorusError `invalid_argument` when there are fewer users or items than experts.
 */
export async function trainRecommender(
  interactions: Interactions,
  settings: TrainingSettings,
  run: TrainingRun,
): Promise<TrainedRecommender> {
  requireEnough(interactions, settings);
  const { seed, threads, clock, checkpoint = noCheckpoint, onProgress = () => undefined } = run;
  const meter = new ProgressMeter(clock, planStages(interactions, settings), onProgress);
  const stages = new TrainingStages(interactions, settings, { seed, threads, meter, checkpoint });
  const bases = await stages.fitBases();
  const routing = await stages.fitRouting(bases);
  const joint = await stages.fitExperts(routing);
  const lineage = {
    data: interactions.source,
    seed,
    users: interactions.users.length,
    items: interactions.items.length,
    interactions: interactions.itemRows.length,
    ...run.lineage,
  };
  return assembleRecommender(interactions, settings, { bases, routing, joint, lineage });
}

function requireEnough({ users, items }: Interactions, { experts }: TrainingSettings): void {
  if (users.length >= experts.count && items.length >= experts.count) return;
  throw new ChorusError(
    'invalid_argument',
    `${experts.count} experts need at least as many users and items; the data has ${users.length} users and ${items.length} items`,
  );
}
