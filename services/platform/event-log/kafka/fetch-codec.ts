import type { LogRecord } from '../event-log.ts';
import { readRecords } from './record-batches.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

/** Where a reader is in one partition. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the next record. */
  next: number;
}

/** How long and how much the broker may gather. */
export interface FetchLimits {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
}

/** What a fetch brought. */
export interface Fetched {
  readonly records: readonly LogRecord[];
  /** The next offset of each position of the fetch that moved on. */
  readonly reached: readonly { readonly position: Position; readonly next: number }[];
}

const readCommitted = 1;
const noReplica = -1;

/** The body of a Fetch request, version 11, without a fetch session (Kafka's protocol guide: Fetch API). */
export function fetchBody(positions: readonly Position[], limits: FetchLimits): Buffer {
  const names = positions.reduce((bytes, { topic }) => bytes + 3 * topic.length, 0);
  const writer = new WireWriter(64 + names + 64 * positions.length);
  writer.int32(noReplica);
  writer.int32(limits.maxWaitMs);
  writer.int32(limits.minBytes);
  writer.int32(limits.maxBytes);
  writer.int8(readCommitted);
  // No session: its id 0, its epoch -1.
  writer.int32(0);
  writer.int32(-1);
  writer.int32(positions.length);
  for (const { topic, partition, next } of positions) {
    writer.string(topic);
    writer.int32(1);
    writer.int32(partition);
    writer.int32(-1);
    writer.int64(next);
    writer.int64(-1);
    writer.int32(limits.maxBytesPerPartition);
  }
  writer.int32(0);
  writer.string('');
  return writer.written;
}

/**
 * Reads the answer to a `fetchBody`. Undefined when it holds anything but plain records for these
 * positions: an error, a transaction, compressed or older batches. Then nothing of it was taken.
 */
export function readFetched(answer: Buffer, positions: readonly Position[]): Fetched | undefined {
  const reader = new WireReader(answer);
  const throttleMs = reader.int32();
  const errorCode = reader.int16();
  reader.int32();
  if (throttleMs > 0 || errorCode !== 0) return undefined;
  const records: LogRecord[] = [];
  const reached: { position: Position; next: number }[] = [];
  for (let topics = reader.int32(); topics > 0; topics -= 1) {
    const topic = reader.string();
    for (let partitions = reader.int32(); partitions > 0; partitions -= 1) {
      const partition = reader.int32();
      const at = positions.find((each) => each.topic === topic && each.partition === partition);
      if (at === undefined || !isPlain(reader)) return undefined;
      const length = Math.max(0, reader.int32());
      const end = reader.position + length;
      const next = readRecords(answer, reader.position, end, at, records);
      if (next === undefined) return undefined;
      if (next !== at.next) reached.push({ position: at, next });
      reader.moveTo(end);
    }
  }
  return { records, reached };
}

/** Reads what stands before a partition's records, its number excepted. */
function isPlain(reader: WireReader): boolean {
  const errorCode = reader.int16();
  // High watermark, last stable offset, start of the log.
  reader.moveTo(reader.position + 24);
  const transactions = reader.int32();
  if (errorCode !== 0 || transactions > 0) return false;
  return reader.int32() === noReplica;
}
