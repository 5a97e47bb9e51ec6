/**
 * The partition that a key belongs to: murmur2 of its UTF-8 bytes with the sign bit cleared,
 * modulo the partitions. Both engines and every Kafka client agree on it, so that topics with
 * the same number of partitions stay co-partitioned whoever wrote them.
 * Source: org.apache.kafka.common.utils.Utils.murmur2 (MurmurHash2 by Austin Appleby, seed 0x9747b28c).
 */
export function partitionOfKey(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}

const seed = 0x9747b28c;
const multiplier = 0x5bd1e995;
const rotation = 24;

function murmur2(bytes: Buffer): number {
  const { length } = bytes;
  const wordsEnd = length - (length % 4);
  let hash = seed ^ length;
  for (let at = 0; at < wordsEnd; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), multiplier);
    word ^= word >>> rotation;
    hash = Math.imul(hash, multiplier) ^ Math.imul(word, multiplier);
  }
  if (wordsEnd < length) {
    hash ^= bytes.readUIntLE(wordsEnd, length - wordsEnd);
    hash = Math.imul(hash, multiplier);
  }
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return hash ^ (hash >>> 15);
}
