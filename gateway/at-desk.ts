import type { Clock } from '../services/platform/clock/clock.ts';
import type { Caller } from './caller.ts';
import { counted } from './counted.ts';
import { whileWaited } from './while-waited.ts';

/**
 * Budget of a question to the records that names none, in ms. Longer than an answer's default:
 * these wait for a write on disk, and whoever sends one would rather have it done than be told soon.
 */
export const deskBudgetMs = 5_000;

/**
 * Has the work of a desk done while its caller waits, and counts its outcome.
 * @throws ChorusError as `whileWaited`: after these two a change may have happened or not, and may
 *   be sent again.
 */
export async function atDesk<Answer>(
  caller: Caller,
  clock: Clock,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const budgetMs = caller.budgetMs ?? deskBudgetMs;
  return await counted(caller.surface, clock, () => whileWaited({ caller, clock, budgetMs }, work));
}
