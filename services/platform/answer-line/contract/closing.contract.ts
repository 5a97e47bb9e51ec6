import { expect, test } from 'vitest';
import type { Rig } from './rig.ts';
import { becomes, questionOf, requestIds } from './sample.ts';

const never = new AbortController().signal;

/** Before, at and after the end of either side. */
export function closingRules(rig: () => Rig): void {
  test('with nobody to ask a question fails at once, as unavailable', async () => {
    const line = await rig().openLine();
    expect(line.isConnected).toBe(false);
    await expect(line.ask(questionOf('a'), never)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('an aggregator may open later', async () => {
    const line = await rig().openLine();
    await rig().desk.open(rig().answerer);
    await becomes(() => line.isConnected, true);
    await expect(line.ask(questionOf('a'), never)).resolves.toMatchObject({ requestId: 'a' });
  });

  test('an aggregator that closes answers what it has and takes nothing more', async () => {
    const line = await rig().connected();
    const ids = requestIds(20);
    const asking = await rig().askHeld(line, ids);
    const closing = Promise.all([rig().desk.close(), rig().desk.close()]);
    await becomes(() => line.isConnected, false);
    await expect(line.ask(questionOf('late'), never)).rejects.toMatchObject({
      code: 'unavailable',
    });
    rig().answerer.release();
    const answers = await Promise.all(asking);
    expect(answers.map(({ requestId }) => requestId)).toEqual(ids);
    await closing;
    expect(rig().answerer.askedIds).not.toContain('late');
  });

  test('a gateway that closes waits for its answers and asks nothing more', async () => {
    const line = await rig().connected();
    const asking = await rig().askHeld(line, requestIds(20));
    const closing = Promise.all([line.close(), line.close()]);
    expect(line.isConnected).toBe(false);
    await expect(line.ask(questionOf('late'), never)).rejects.toMatchObject({
      code: 'unavailable',
    });
    rig().answerer.release();
    await expect(Promise.all(asking)).resolves.toHaveLength(20);
    await closing;
    expect(rig().answerer.abandoned).toEqual([]);
  });
}
