import { join } from 'node:path';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import type { Interactions } from '../../services/training/data/interactions.ts';
import { syntheticWorld } from '../../services/training/data/synthetic-world.ts';
import { KernelThreads } from '../../services/training/threads/kernel-threads.ts';
import { trainRecommender } from '../../services/training/train-recommender.ts';
import { settingsFor, type TrainingSettings } from '../../services/training/training-settings.ts';
import { writeBundle } from '../../services/training/write-bundle.ts';

/** The world that the small bundle was made from: 200 users, 80 items. */
export function smallWorld(): Interactions {
  return syntheticWorld({ seed: 1, items: 80, users: 200 });
}

/** A real bundle, as small as can be, as `<modelsDir>/recommender/small`: 8 experts over 80 items. */
export async function writeSmallBundle(modelsDir: string): Promise<void> {
  const clock = new RealClock();
  const interactions = smallWorld();
  const threads = new KernelThreads(1);
  try {
    const model = await trainRecommender(interactions, small(settingsFor(interactions)), {
      seed: 1,
      threads,
      clock,
    });
    const folder = join(modelsDir, 'recommender', 'small');
    await writeBundle(model, { folder, createdMs: clock.nowMs() });
  } finally {
    await threads.close();
  }
}

function small(settings: TrainingSettings): TrainingSettings {
  return {
    ...settings,
    baseBlocks: settings.baseBlocks.map((block) => ({ ...block, width: 8, iterations: 2 })),
    experts: { ...settings.experts, width: 8, headRounds: 2 },
  };
}
