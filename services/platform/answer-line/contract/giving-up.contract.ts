import { expect, test } from 'vitest';
import { ChorusError } from '../../../domain/errors.ts';
import { RealClock } from '../../clock/real-clock.ts';
import type { Rig } from './rig.ts';
import { becomes, questionOf } from './sample.ts';

const late = new ChorusError('deadline_exceeded', 'no answer within 20 ms');

/** Callers stop waiting: at once, and the aggregator hears of it. */
export function givingUpRules(rig: () => Rig): void {
  test('who gives up is told why at once, and the work is told too', async () => {
    const line = await rig().connected();
    rig().answerer.isHeld = true;
    const caller = new AbortController();
    const asking = line.ask(questionOf('a'), caller.signal);
    await becomes(() => rig().answerer.askedIds, ['a']);
    caller.abort(late);
    await expect(asking).rejects.toBe(late);
    await becomes(() => rig().answerer.abandoned, ['a']);
    // The answer that comes all the same is nobody's.
    rig().answerer.release();
    await expect(line.ask(questionOf('b'), new AbortController().signal)).resolves.toMatchObject({
      requestId: 'b',
    });
  });

  test('a signal of the platform’s own is a typed error', async () => {
    const line = await rig().connected();
    rig().answerer.isHeld = true;
    const asking = line.ask(questionOf('a'), new RealClock().timeout(20));
    await expect(asking).rejects.toMatchObject({ code: 'deadline_exceeded' });
    const caller = new AbortController();
    const cancelled = line.ask(questionOf('b'), caller.signal);
    caller.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('one who gives up changes nothing for the others', async () => {
    const line = await rig().connected();
    const [others] = await rig().askHeld(line, ['a']);
    const caller = new AbortController();
    const asking = line.ask(questionOf('b'), caller.signal);
    caller.abort(late);
    await expect(asking).rejects.toBe(late);
    rig().answerer.release();
    await expect(others).resolves.toMatchObject({ requestId: 'a' });
    expect(rig().answerer.abandoned).not.toContain('a');
  });

  test('a question of nobody is not asked', async () => {
    const line = await rig().connected();
    await expect(line.ask(questionOf('a'), AbortSignal.abort(late))).rejects.toBe(late);
    await line.ask(questionOf('b'), new AbortController().signal);
    expect(rig().answerer.askedIds).toEqual(['b']);
  });
}
