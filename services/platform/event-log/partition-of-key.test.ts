import { assert, integer, property, string } from 'fast-check';
import { Partitioners } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { partitionOfKey } from './partition-of-key.ts';

describe('partitionOfKey', () => {
  it('agrees with the default partitioner of Kafka’s clients', () => {
    const theirs = Partitioners.DefaultPartitioner();
    assert(
      property(string({ unit: 'grapheme' }), integer({ min: 1, max: 64 }), (key, count) => {
        const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
          partitionErrorCode: 0,
          partitionId,
          leader: 1,
          replicas: [1],
          isr: [1],
        }));
        const message = { key, value: '' };
        expect(partitionOfKey(key, count)).toBe(theirs({ topic: 't', partitionMetadata, message }));
      }),
    );
  });
});
