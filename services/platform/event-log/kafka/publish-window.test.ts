import { describe, expect, it } from 'vitest';
import { partitionOfKey } from '../partition-of-key.ts';
import { PublishWindow } from './publish-window.ts';

const topic = (name: string) => ({
  name,
  partitions: 4,
  retentionMs: 1000,
  durable: true,
  compacted: false,
});

describe('a publish window', () => {
  it('gathers records by topic, in order, each with its partition', () => {
    const window = new PublishWindow();
    expect(window.isEmpty).toBe(true);
    const value = Uint8Array.from([9, 1, 2, 3]).subarray(1);
    window.add({ topic: topic('a'), partition: 3, key: 'k1', value, headers: { h: 'x' } });
    window.add({ topic: topic('b'), key: 'user', value });
    window.add({ topic: topic('a'), partition: 0, key: 'k2', value });
    const bytes = Buffer.from([1, 2, 3]);
    expect(window.topicMessages).toEqual([
      {
        topic: 'a',
        messages: [
          { key: 'k1', value: bytes, partition: 3, headers: { h: 'x' } },
          { key: 'k2', value: bytes, partition: 0 },
        ],
      },
      {
        topic: 'b',
        messages: [{ key: 'user', value: bytes, partition: partitionOfKey('user', 4) }],
      },
    ]);
    expect(window.bytes).toBe(2 + 3 + 4 + 3 + 2 + 3);
    expect(window.isEmpty).toBe(false);
  });
});
