import { ChorusError } from '../services/domain/errors.ts';
import type { Patience } from '../services/domain/patience.ts';
import type { Clock } from '../services/platform/clock/clock.ts';
import type { Caller } from './caller.ts';
import { Waiting } from './waiting.ts';

/** Who waits, and for how long. */
export interface Wait {
  readonly caller: Pick<Caller, 'whenGone'>;
  readonly clock: Clock;
  readonly budgetMs: number;
}

/**
 * Whatever the work waits for, it is given up when the budget is over or the caller left.
 * @throws ChorusError `deadline_exceeded` or `cancelled`; work that changes something may have
 *   changed it all the same.
 */
export async function whileWaited<Answer>(
  { caller, clock, budgetMs }: Wait,
  work: (patience: Patience) => Promise<Answer>,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const waiting = new Waiting(reject);
  const timer = clock.after(budgetMs, () => {
    waiting.giveUp(new ChorusError('deadline_exceeded', `no answer within ${budgetMs} ms`));
  });
  const watchNoMore = caller.whenGone((reason) => waiting.giveUp(reason));
  work(waiting).then(resolve, reject);
  try {
    return await promise;
  } finally {
    timer.cancel();
    watchNoMore();
  }
}
