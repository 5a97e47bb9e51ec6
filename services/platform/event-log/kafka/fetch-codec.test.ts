import { createRequire } from 'node:module';
import * as fc from 'fast-check';
import type { KafkaMessage } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { fetchBody, type Position, readFetched } from './fetch-codec.ts';
import { kafkaRecord } from './kafka-record.ts';
import { produceBody, type ProducedMessage } from './produce-body.ts';
import { WireWriter } from './wire-writer.ts';

interface KafkajsResponse {
  decode(answer: Buffer): Promise<{
    responses: {
      topicName: string;
      partitions: { partition: number; messages: KafkaMessage[] }[];
    }[];
  }>;
}

const load = createRequire(import.meta.url);
const kafkajsRequest: (args: object) => { encode(): Promise<{ buffer: Buffer }> } = load(
  'kafkajs/src/protocol/requests/fetch/v11/request',
);
const kafkajsResponse: KafkajsResponse = load('kafkajs/src/protocol/requests/fetch/v11/response');

const nowMs = 1_795_282_487_607;
const limits = {
  maxWaitMs: 250,
  minBytes: 1,
  maxBytes: 10_485_760,
  maxBytesPerPartition: 1_048_576,
};
const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const message = fc.record({
  key: text,
  value: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  headers: fc.dictionary(
    text.filter((name) => name !== '__proto__'),
    text,
    { maxKeys: 3 },
  ),
});
const batch = fc.array(message, { minLength: 1, maxLength: 4 });
const topic = fc.record({
  name: text,
  next: fc.nat(2 ** 40),
  batches: fc.array(batch, { maxLength: 3 }),
});
const topics = fc.uniqueArray(topic, { selector: ({ name }) => name, maxLength: 4 });

describe('a fetch', () => {
  it('is asked for as kafkajs would ask', async () => {
    const position = fc.record({ topic: text, partition: fc.nat(99), next: fc.nat(2 ** 40) });
    await fc.assert(
      fc.asyncProperty(fc.array(position, { maxLength: 5 }), async (positions) => {
        const theirs = await kafkajsRequest({
          replicaId: -1,
          maxWaitTime: limits.maxWaitMs,
          minBytes: limits.minBytes,
          maxBytes: limits.maxBytes,
          topics: positions.map((each) => ({
            topic: each.topic,
            partitions: [
              {
                partition: each.partition,
                fetchOffset: `${each.next}`,
                maxBytes: limits.maxBytesPerPartition,
              },
            ],
          })),
        }).encode();
        expect(fetchBody(positions, limits).equals(theirs.buffer)).toBe(true);
      }),
    );
  });

  it('is read as kafkajs would read it', async () => {
    await fc.assert(
      fc.asyncProperty(topics, async (all) => {
        const answer = answerOf(all);
        const positions = all.map((each) => ({ topic: each.name, partition: 3, next: each.next }));
        const ours = readFetched(answer, positions);
        const { responses } = await kafkajsResponse.decode(answer);
        const theirs = responses.flatMap(({ topicName, partitions }) =>
          partitions.flatMap(({ partition, messages }) =>
            messages.map((each) => kafkaRecord(topicName, partition, each)),
          ),
        );
        expect(ours?.records.map(plain)).toEqual(theirs.map(plain));
        for (const { name, next, batches } of all) {
          const reached = ours?.reached.find(({ position }) => position.topic === name)?.next;
          expect(reached ?? next).toBe(next + batches.flat().length);
        }
      }),
    );
  });

  it('leaves out what lies before the position, and a batch that is cut off', () => {
    const [first, second] = [record('first'), record('second')];
    const batches = [[first, second], [record('third')]];
    const answer = answerOf([{ name: 't', next: 10, batches }], 4);
    const at: Position = { topic: 't', partition: 3, next: 11 };
    const fetched = readFetched(answer, [at]);
    expect(fetched?.records.map(({ key, offset }) => [key, offset])).toEqual([['second', 11]]);
    expect(fetched?.reached).toEqual([{ position: at, next: 12 }]);
  });

  it.each<[string, Partial<Strange>]>([
    ['an error of the whole', { errorCode: 70 }],
    ['an error of a partition', { partitionError: 1 }],
    ['a transaction that was given up', { transactions: 1 }],
    ['a compressed batch', { attributes: 1 }],
    ['a batch of another form', { magic: 1 }],
    ['a partition that nobody asked for', { partition: 4 }],
  ])('is left to kafkajs when it holds %s', (_what, strange) => {
    const answer = answerOf([{ name: 't', next: 0, batches: [[record('k')]] }], 0, strange);
    expect(readFetched(answer, [{ topic: 't', partition: 3, next: 0 }])).toBeUndefined();
  });
});

interface Answered {
  readonly name: string;
  readonly next: number;
  readonly batches: readonly (readonly ProducedMessage[])[];
}

interface Strange {
  readonly errorCode: number;
  readonly partition: number;
  readonly partitionError: number;
  readonly transactions: number;
  readonly attributes: number;
  readonly magic: number;
}

/** An answer as a broker gives it; `cutBytes` are missing at the end of each partition's records. */
function answerOf(all: readonly Answered[], cutBytes = 0, strange: Partial<Strange> = {}): Buffer {
  const writer = new WireWriter(200_000);
  writer.int32(0);
  writer.int16(strange.errorCode ?? 0);
  writer.int32(0);
  writer.int32(all.length);
  for (const { name, next, batches } of all) {
    writer.string(name);
    writer.int32(1);
    writer.int32(strange.partition ?? 3);
    writer.int16(strange.partitionError ?? 0);
    for (const offset of [next, next, 0]) writer.int64(offset);
    const transactions = strange.transactions ?? 0;
    writer.int32(transactions);
    for (let left = 2 * transactions; left > 0; left -= 1) writer.int64(1);
    writer.int32(-1);
    let offset = next;
    const sets = batches.map((messages) => {
      const set = batchOf(messages, offset, strange);
      offset += messages.length;
      return set;
    });
    const bytes = Buffer.concat(sets);
    const kept = bytes.subarray(0, Math.max(0, bytes.byteLength - cutBytes));
    writer.int32(kept.byteLength);
    for (const byte of kept) writer.int8(byte);
  }
  return writer.written;
}

/** A record batch as a broker keeps it: the producer's, with its offset. */
function batchOf(
  messages: readonly ProducedMessage[],
  offset: number,
  { magic = 2, attributes = 0 }: Partial<Strange>,
): Buffer {
  const body = produceBody([{ topic: '', partitions: [{ partition: 0, messages }] }], {
    acks: 1,
    timeout: 0,
    nowMs,
  });
  // Behind the request's head, the topic, the partition and its size.
  const batchBytes = Buffer.from(body.subarray(12 + 2 + 4 + 4 + 4));
  batchBytes.writeBigInt64BE(BigInt(offset), 0);
  batchBytes.writeInt8(magic, 16);
  batchBytes.writeInt16BE(attributes, 21);
  return batchBytes;
}

function record(key: string): ProducedMessage {
  return { key, value: Buffer.from('value') };
}

function plain({ value, ...rest }: ReturnType<typeof kafkaRecord>): object {
  return { ...rest, value: [...value] };
}
