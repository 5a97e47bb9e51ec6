import { type Interactions } from './data/interactions.ts';
import { gateAttempts } from './sinkhorn-gate.ts';
import { type PlannedStage } from './training-progress.ts';
import { type TrainingSettings } from './training-settings.ts';

/** What each stage of a run will cost, counted in multiplications of its innermost loops. */
export function planStages(
  interactions: Interactions,
  settings: TrainingSettings,
): readonly PlannedStage[] {
  const users = interactions.users.length;
  const items = interactions.items.length;
  const met = interactions.itemRows.length;
  const { count, width, headRounds } = settings.experts;
  const rowCost = (rank: number): number => (met * rank * rank) / 2 + (users * rank ** 3) / 6;
  return [
    ...settings.baseBlocks.map((block, index) => ({
      name: `base ${index + 1}`,
      rows: block.iterations * (users + items),
      cost: 2e-6 * block.iterations * rowCost(block.width),
    })),
    { name: 'users', rows: users, cost: 1e-6 * rowCost(settings.baseBlocks[0]?.width ?? 0) },
    { name: 'gate', rows: gateAttempts, cost: 1e-6 * users * items },
    { name: 'experts', rows: count, cost: 0.5e-6 * count * items ** 3 },
    {
      name: 'head',
      rows: count * (headRounds + 1),
      cost: 2e-6 * count * (headRounds + 1) * width * items * items,
    },
  ];
}
