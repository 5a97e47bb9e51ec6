import { expect, test } from 'vitest';
import { RealClock } from '../../clock/real-clock.ts';
import type { Rig } from './rig.ts';
import { becomes, presenceOf, replyOf, requestIds } from './sample.ts';

/** Who is there: announced, changed, gone once, back again. */
export function presenceRules(rig: () => Rig): void {
  test('a worker is present once it has announced itself, with all that it said', async () => {
    const { aggregator, heard } = rig();
    const [worker] = await rig().connected();
    expect(heard.presences).toEqual([presenceOf('w1')]);
    expect(worker.isConnected(aggregator.aggregatorId)).toBe(true);
    expect(worker.isConnected('somebody else')).toBe(false);
  });

  test('a worker that has not announced itself is not heard of', async () => {
    const { aggregator, heard } = rig();
    await aggregator.open(heard);
    const [worker] = await rig().openWorker('w1');
    await becomes(() => worker.isConnected(aggregator.aggregatorId), true);
    await worker.close();
    expect(heard.events).toEqual([]);
  });

  test('each change of a worker is announced, the newest word last', async () => {
    const { heard } = rig();
    const [worker] = await rig().connected();
    worker.announce(presenceOf('w1', 7));
    await becomes(() => heard.presences.at(-1), presenceOf('w1', 7));
    worker.announce(presenceOf('w1', 8));
    worker.announce(presenceOf('w1', 9));
    await becomes(() => heard.presences.at(-1), presenceOf('w1', 9));
    expect(heard.gone).toEqual([]);
  });

  test('an aggregator that opens late hears who is there', async () => {
    const { aggregator, heard } = rig();
    await rig().startWorker('w1');
    await rig().startWorker('w2');
    await aggregator.open(heard);
    await becomes(
      () => new Set(heard.presences.map((each) => each.workerId)),
      new Set(['w1', 'w2']),
    );
  });

  test('a broken worker is gone once, and present again when it comes back', async () => {
    const { aggregator, harness, heard } = rig();
    const [worker, ears] = await rig().connected();
    harness.sever('w1');
    await becomes(() => heard.events, ['present w1', 'gone w1', 'present w1']);
    expect(ears.aggregatorsGone).toEqual([aggregator.aggregatorId]);
    rig().sendAll(worker, ['a']);
    await becomes(() => heard.ids, ['a']);
    expect(heard.events.filter((event) => event === 'gone w1')).toHaveLength(1);
  });

  test('a worker that closes has said all that it had to say, and is gone once', async () => {
    const { aggregator, heard } = rig();
    const [worker] = await rig().connected();
    rig().sendAll(worker, requestIds(500));
    await Promise.all([worker.close(), worker.close()]);
    await becomes(() => heard.gone, ['w1']);
    expect(heard.ids).toEqual(requestIds(500));
    expect(worker.isConnected(aggregator.aggregatorId)).toBe(false);
    expect(worker.send(aggregator.aggregatorId, replyOf('late'))).toBe(true);
    await worker.ready();
  });

  test('an aggregator that closes is gone for its workers, who hear it once', async () => {
    const { aggregator, heard } = rig();
    const [worker, ears] = await rig().connected();
    rig().sendAll(worker, ['a']);
    await becomes(() => heard.ids, ['a']);
    await Promise.all([aggregator.close(), aggregator.close()]);
    await becomes(() => ears.aggregatorsGone, [aggregator.aggregatorId]);
    expect(worker.isConnected(aggregator.aggregatorId)).toBe(false);
    expect(worker.clockOffsetUs(aggregator.aggregatorId)).toBeUndefined();
    await worker.ready();
  });

  test('the same worker attached twice: the newer one is the worker', async () => {
    const { heard } = rig();
    await rig().connected('w1');
    const [newer] = await rig().startWorker('w1');
    await becomes(() => heard.events, ['present w1', 'gone w1', 'present w1']);
    rig().sendAll(newer, ['a']);
    await becomes(() => heard.ids, ['a']);
  });

  test('the clock offset is known when a worker is present, and near nothing in one process', async () => {
    const { aggregator } = rig();
    const startedUs = new RealClock().monotonicUs();
    const [worker] = await rig().connected();
    const elapsedUs = new RealClock().monotonicUs() - startedUs;
    const offsetUs = worker.clockOffsetUs(aggregator.aggregatorId);
    // No round trip took longer than all of it.
    expect(Math.abs(offsetUs ?? Number.NaN)).toBeLessThanOrEqual(elapsedUs / 2);
    expect(worker.clockOffsetUs('somebody else')).toBeUndefined();
  });
}
