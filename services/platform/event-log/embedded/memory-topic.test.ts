import { describe, expect, it } from 'vitest';
import { taskTopic } from '../../../domain/topics.ts';
import { MemoryTopic } from './memory-topic.ts';

const topic = taskTopic('recommender', '1');
const outgoing = (bytes: number) => ({ topic, key: 'k', value: new Uint8Array(bytes) });
const kept = (timeMs: number) => ({ timeMs, isTaken: false });

describe('MemoryTopic', () => {
  it('forgets what is older than its retention, and counts on', async () => {
    const store = new MemoryTopic(topic);
    store.append(2, outgoing(1), kept(1000));
    store.append(2, outgoing(1), kept(2000));
    await store.sweep(1500 + topic.retentionMs);
    expect((await store.read(2, 0, 10)).map(({ offset }) => offset)).toEqual([1]);
    store.append(2, outgoing(1), kept(2001 + topic.retentionMs));
    expect((await store.read(2, 0, 10)).map(({ offset }) => offset)).toEqual([2]);
    expect(store.endOffset(2)).toBe(3);
  });

  it('keeps a bounded number of bytes, the newest', async () => {
    const store = new MemoryTopic(topic);
    for (let index = 0; index < 5000; index += 1) store.append(0, outgoing(10_000), kept(index));
    const left = await store.read(0, 0, 5000);
    expect(left.length).toBeLessThan(1000);
    expect(left.at(-1)?.offset).toBe(4999);
    expect(left.map(({ offset }) => offset - (left[0]?.offset ?? 0))).toEqual(
      Array.from(left.keys()),
    );
  });

  it('keeps nothing while a slot reader takes each record, and counts on', async () => {
    const store = new MemoryTopic(topic);
    store.append(0, outgoing(1), kept(0));
    store.append(0, outgoing(1), { timeMs: 0, isTaken: true });
    expect(await store.read(0, 0, 10)).toEqual([]);
    store.append(0, outgoing(1), kept(0));
    expect((await store.read(0, 0, 10)).map(({ offset }) => offset)).toEqual([2]);
  });

  it('reads from any offset, at most as many as asked for', async () => {
    const store = new MemoryTopic(topic);
    for (let index = 0; index < 3000; index += 1) store.append(0, outgoing(1), kept(index));
    await store.sweep(1500 + topic.retentionMs);
    expect((await store.read(0, 2000, 2)).map(({ offset }) => offset)).toEqual([2000, 2001]);
    expect((await store.read(0, 0, 1)).map(({ offset }) => offset)).toEqual([1500]);
    expect(await store.read(0, 3000, 10)).toEqual([]);
  });
});
