import { expect, test } from 'vitest';
import { ChorusError } from '../services/domain/errors.ts';
import type { Recommendation } from '../services/domain/recommendation.ts';
import { RealClock } from '../services/platform/clock/real-clock.ts';
import { RealRandom } from '../services/platform/random/real-random.ts';
import type { Caller } from './caller.ts';
import { Recommending } from './recommending.ts';

type Run = (signal: AbortSignal) => Promise<Recommendation>;

function recommending(run: Run): Recommending {
  return new Recommending({
    answerRequest: { run: (_request, _arrival, { signal }) => run(signal) },
    clock: new RealClock(),
    random: new RealRandom(),
    defaultDeadlineMs: 20,
  });
}

function answerIn(run: Run, budgetMs: number | undefined): Promise<Recommendation> {
  const asked = recommending(run);
  const patient: Caller = {
    surface: 'http',
    budgetMs,
    traceParent: '',
    whenGone: () => () => undefined,
  };
  return asked.answer(asked.check({ user_id: 'u' }), patient);
}

test.each([
  ['the caller’s budget', 5],
  ['the default', undefined],
])('whatever hangs below, %s ends it, and the work hears so', async (_name, budgetMs) => {
  let heard: unknown;
  const hang: Run = (signal) => {
    signal.addEventListener('abort', () => (heard = signal.reason));
    return new Promise(() => undefined);
  };
  await expect(answerIn(hang, budgetMs)).rejects.toMatchObject({
    code: 'deadline_exceeded',
    message: `no answer within ${budgetMs ?? 20} ms`,
  });
  expect(heard).toMatchObject({ code: 'deadline_exceeded' });
});

test('an error in time is told as it is', async () => {
  const error = new ChorusError('unavailable', 'no aggregator is connected');
  await expect(answerIn(() => Promise.reject(error), 1000)).rejects.toBe(error);
});

test('work that fails after its time disturbs nobody', async () => {
  const { promise, reject } = Promise.withResolvers<Recommendation>();
  await expect(answerIn(() => promise, 5)).rejects.toMatchObject({ code: 'deadline_exceeded' });
  reject(new ChorusError('unavailable', 'too late'));
  await expect(promise).rejects.toThrow('too late');
});
