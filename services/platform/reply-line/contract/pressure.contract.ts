import { expect, test } from 'vitest';
import { RealClock } from '../../clock/real-clock.ts';
import { metrics } from '../../telemetry/metrics.ts';
import { maxBufferedReplies } from '../reply-line.ts';
import { type Rig, turns } from './rig.ts';
import { becomes, bigReply, replyOf, requestIds } from './sample.ts';

/** What happens when an aggregator takes less than its worker sends. */
export function pressureRules(rig: () => Rig): void {
  test('a slow aggregator stops the worker until it takes replies again; nothing is lost', async () => {
    const { aggregator, harness, heard } = rig();
    const [worker] = await rig().connected();
    harness.stall();
    const sent: string[] = [];
    let keepsUp = true;
    while (keepsUp && sent.length < 100_000) {
      const id = `r${sent.length}`;
      sent.push(id);
      keepsUp = worker.send(aggregator.aggregatorId, bigReply(id, 2000));
      // oxlint-disable-next-line no-await-in-loop -- real turns, in which a stream could send
      await turns(1);
    }
    expect(keepsUp).toBe(false);
    let isReady = false;
    const ready = worker.ready().then(() => (isReady = true));
    await new RealClock().sleep(20);
    expect(isReady).toBe(false);
    harness.resume();
    await ready;
    await becomes(() => heard.replies.length, sent.length);
    expect(heard.ids).toEqual(sent);
  });

  test('a worker that does not stop loses its oldest replies, not its memory', async () => {
    const { aggregator, harness, heard } = rig();
    const [worker] = await rig().connected();
    harness.stall();
    const sent = requestIds(maxBufferedReplies * 5);
    const droppedBefore = await overflows();
    for (const id of sent) worker.send(aggregator.aggregatorId, replyOf(id));
    harness.resume();
    await becomes(() => heard.ids.at(-1), sent.at(-1));
    expect(heard.ids.slice(-maxBufferedReplies)).toEqual(sent.slice(-maxBufferedReplies));
    expect(heard.replies.length).toBeLessThan(sent.length);
    expect((await overflows()) - droppedBefore).toBe(sent.length - heard.replies.length);
    await worker.ready();
  });

  test('a worker that says too much in one turn may go on after it', async () => {
    const { heard } = rig();
    const [worker] = await rig().connected();
    const sent = requestIds(maxBufferedReplies);
    rig().sendAll(worker, sent);
    await worker.ready();
    await becomes(() => heard.ids, sent);
  });

  test('a worker that waits for a slow aggregator is released when the aggregator is gone', async () => {
    const { harness } = rig();
    const [worker] = await rig().connected();
    harness.stall();
    rig().sendAll(worker, requestIds(maxBufferedReplies));
    const ready = worker.ready();
    harness.sever('w1');
    await ready;
  });
}

async function overflows(): Promise<number> {
  const { values } = await metrics.repliesDropped.get();
  return values.find(({ labels }) => labels.reason === 'overflow')?.value ?? 0;
}
