import { expect, test } from 'vitest';
import type { TaskKey } from '../../../domain/task.ts';
import type { Rig } from './rig.ts';
import { becomes, bigReply, replyOf, requestIds } from './sample.ts';

/** What travels: everything that was sent, whole and in order, and cancels the other way. */
export function repliesRules(rig: () => Rig): void {
  test('replies arrive in full, in order, and together when they were sent together', async () => {
    const { aggregator, heard } = rig();
    const [worker] = await rig().connected();
    const replies = requestIds(100).map((id) => replyOf(id));
    for (const reply of replies) worker.send(aggregator.aggregatorId, reply);
    await becomes(() => heard.replies.length, 100);
    expect(heard.replies).toEqual(replies);
    expect(heard.deliveries).toBe(1);
  });

  test('replies of several workers arrive at one aggregator', async () => {
    const { aggregator, heard } = rig();
    const [first] = await rig().connected('w1');
    const [second] = await rig().startWorker('w2');
    await becomes(() => heard.presences.length, 2);
    first.send(aggregator.aggregatorId, replyOf('a', { workerId: 'w1' }));
    second.send(aggregator.aggregatorId, replyOf('b', { workerId: 'w2' }));
    await becomes(() => heard.replies.map((each) => each.workerId).toSorted(), ['w1', 'w2']);
  });

  test('pieces of text arrive as they are made, the last one marked', async () => {
    const { aggregator, heard } = rig();
    const [worker] = await rig().connected();
    for (const [textDelta, last] of [
      ['Grüß ', false],
      ['dich, ', false],
      ['Welt 🌍', true],
    ] as const) {
      worker.send(aggregator.aggregatorId, replyOf('a', { tensors: [], textDelta, last }));
      // oxlint-disable-next-line no-await-in-loop
      await becomes(() => heard.replies.at(-1)?.textDelta, textDelta);
    }
    expect(heard.replies.map((each) => each.last)).toEqual([false, false, true]);
  });

  test('a typed error arrives as one', async () => {
    const { aggregator, heard } = rig();
    const [worker] = await rig().connected();
    const error = { code: 'unknown_bundle', message: 'no such bundle here' } as const;
    worker.send(aggregator.aggregatorId, replyOf('a', { tensors: [], error }));
    await becomes(() => heard.replies[0]?.error, error);
  });

  test('a reply to an aggregator that is not there is dropped, and nobody has to wait', async () => {
    const { heard } = rig();
    const [worker] = await rig().connected();
    expect(worker.send('somebody else', replyOf('a'))).toBe(true);
    await worker.ready();
    rig().sendAll(worker, ['b']);
    await becomes(() => heard.ids, ['b']);
  });

  test('a large reply travels, and those around it', async () => {
    const { aggregator, heard } = rig();
    const [worker] = await rig().connected();
    const large = bigReply('large', 300_000);
    worker.send(aggregator.aggregatorId, replyOf('before'));
    worker.send(aggregator.aggregatorId, large);
    worker.send(aggregator.aggregatorId, replyOf('after'));
    await becomes(() => heard.ids, ['before', 'large', 'after']);
    expect(heard.replies[1]).toEqual(large);
  });

  test('a reply too large for the line is a typed error, and the line lives', async () => {
    const { aggregator, heard } = rig();
    const [worker] = await rig().connected();
    worker.send(aggregator.aggregatorId, replyOf('before'));
    worker.send(aggregator.aggregatorId, bigReply('giant', 5_000_000));
    worker.send(aggregator.aggregatorId, replyOf('after'));
    await becomes(() => heard.ids, ['before', 'giant', 'after']);
    expect(heard.replies[1]).toMatchObject({
      error: { code: 'too_large' },
      tensors: [],
      last: true,
    });
    expect(heard.gone).toEqual([]);
  });

  test('a cancel reaches the worker, and only that worker', async () => {
    const { aggregator, heard } = rig();
    const [, ears] = await rig().connected('w1');
    const [, others] = await rig().startWorker('w2');
    await becomes(() => heard.presences.length, 2);
    const tasks: TaskKey[] = requestIds(3).map((requestId) => ({
      requestId,
      attempt: 1,
      expert: '2',
    }));
    aggregator.cancel('w1', tasks);
    aggregator.cancel('nobody', tasks);
    await becomes(() => ears.cancelled, tasks);
    expect(ears.cancelledBy).toEqual(new Set([aggregator.aggregatorId]));
    expect(others.cancelled).toEqual([]);
  });
}
