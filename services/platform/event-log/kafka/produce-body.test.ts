import { createRequire } from 'node:module';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { produceBody, type ProducedTopic } from './produce-body.ts';

type KafkajsEncoder = (args: object) => { encode(): Promise<{ buffer: Buffer }> };

const load = createRequire(import.meta.url);
const kafkajsRequest: KafkajsEncoder = load('kafkajs/src/protocol/requests/produce/v7/request');
const nowMs = 1_795_282_487_607;

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const message = fc.record({
  key: text,
  value: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  headers: fc.dictionary(
    text.filter((name) => name !== '__proto__'),
    text,
    { maxKeys: 3 },
  ),
});
const partition = fc.record({
  partition: fc.nat(1000),
  messages: fc.array(message, { minLength: 1, maxLength: 5 }),
});
const topics: fc.Arbitrary<ProducedTopic[]> = fc.array(
  fc.record({ topic: text, partitions: fc.array(partition, { minLength: 1, maxLength: 3 }) }),
  { maxLength: 3 },
);

describe('the body of a Produce request', () => {
  beforeEach(() => void vi.useFakeTimers({ now: nowMs, toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  it('is the one that kafkajs would have written', async () => {
    await fc.assert(
      fc.asyncProperty(topics, async (topicData) => {
        const traits = { acks: -1, timeout: 5000 };
        const theirs = await kafkajsRequest({
          ...traits,
          topicData: withSequence(topicData),
        }).encode();
        const ours = produceBody(topicData, { ...traits, nowMs });
        expect(ours.equals(theirs.buffer)).toBe(true);
      }),
    );
  });

  it('holds a large record', async () => {
    const value = Buffer.alloc(1024 * 1024, 7);
    const topicData = [
      { topic: 't', partitions: [{ partition: 0, messages: [{ key: 'k', value }] }] },
    ];
    const theirs = await kafkajsRequest({
      acks: 1,
      timeout: 1,
      topicData: withSequence(topicData),
    }).encode();
    expect(produceBody(topicData, { acks: 1, timeout: 1, nowMs }).equals(theirs.buffer)).toBe(true);
  });
});

/** As kafkajs' producer adds it. */
function withSequence(data: readonly ProducedTopic[]): object[] {
  return data.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((each) => ({ ...each, firstSequence: 0 })),
  }));
}
