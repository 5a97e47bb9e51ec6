import { type Interactions } from './data/interactions.ts';
import { gateAttempts } from './sinkhorn-gate.ts';
import { type PlannedStage } from './training-progress.ts';
import { type TrainingSettings } from './training-settings.ts';

/** A multiplication in plain loops takes the time of so many in a matrix product. */
const plain = 25;
/** One row of iALS takes the time of so many whatever its width: five calls of the engine. */
const perRow = 2e6;
/** Those of a small matrix run at half the speed of a large one's. */
const small = 2;

/**
 * What each stage of a run will cost, counted in multiplications of a matrix product; others count
 * as many times as they are slower, so that the time left comes out about right.
 */
export function planStages(
  interactions: Interactions,
  settings: TrainingSettings,
): readonly PlannedStage[] {
  const users = interactions.users.length;
  const items = interactions.items.length;
  const met = interactions.itemRows.length;
  const { count, width, headRounds } = settings.experts;
  const gateWidth = settings.baseBlocks[0]?.width ?? 0;
  const rowsCost = (rows: number, rank: number): number =>
    small * met * rank ** 2 + rows * ((small * rank ** 3) / 3 + plain * 512 * rank + perRow);
  return [
    ...settings.baseBlocks.map(({ width: rank, iterations }, index) => ({
      name: `base ${index + 1}`,
      rows: iterations * (users + items),
      cost: iterations * (rowsCost(users, rank) + rowsCost(items, rank)),
    })),
    { name: 'users', rows: users, cost: rowsCost(users, gateWidth) },
    {
      name: 'gate',
      rows: gateAttempts,
      // 40 rounds of clustering, 21 bisections of up to 60 rounds of balancing.
      cost: gateAttempts * plain * users * count * (80 * gateWidth + 21 * 60 * 20),
    },
    {
      name: 'experts',
      rows: count,
      cost: count * (small * items ** 3 + plain * pairsMet(interactions)),
    },
    {
      name: 'head',
      rows: count * (headRounds + 1),
      cost:
        (headRounds + 1) * (count * 3 * width * items ** 2 + plain * small * width ** 2 * items),
    },
  ].map(({ name, rows, cost }) => ({ name, rows, cost: cost / 1e6 }));
}

/** Σ n² over the histories. */
function pairsMet({ offsets }: Interactions): number {
  let pairs = 0;
  for (let user = 0; user + 1 < offsets.length; user += 1) {
    pairs += ((offsets[user + 1] ?? 0) - (offsets[user] ?? 0)) ** 2;
  }
  return pairs;
}
