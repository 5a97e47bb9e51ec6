import type { LogRecord } from '../event-log.ts';
import { WireReader } from './wire-reader.ts';

/** Of which partition records are, and the first offset that is wanted. */
interface Wanted {
  readonly topic: string;
  readonly partition: number;
  readonly next: number;
}

/** From its offset to its count of records. */
const headBytes = 61;
const magic = 2;
const compressionMask = 0x07;
const logAppendTime = 0x08;
const controlMask = 0x20;

/**
 * Reads record batches of magic 2 (Kafka's protocol guide: RecordBatch) in `buffer[from, end)`,
 * values as views. A batch that is cut off at the end is left for the next fetch.
 * @param records gets those from the wanted offset on.
 * @returns the offset after the last batch; undefined for a compressed or older one.
 */
export function readRecords(
  buffer: Buffer,
  from: number,
  end: number,
  wanted: Wanted,
  records: LogRecord[],
): number | undefined {
  const reader = new WireReader(buffer, from);
  let next = wanted.next;
  while (end - reader.position >= headBytes) {
    const first = reader.int64();
    const length = reader.int32();
    const batchEnd = reader.position + length;
    if (batchEnd > end) break;
    const last = readBatch(reader, first, wanted, records);
    if (last === undefined) return undefined;
    next = Math.max(next, last + 1);
    reader.moveTo(batchEnd);
  }
  return next;
}

/** Reads a batch behind its prefix of 12 bytes; gives its last offset. */
function readBatch(
  reader: WireReader,
  first: number,
  wanted: Wanted,
  records: LogRecord[],
): number | undefined {
  // The leader's epoch.
  reader.moveTo(reader.position + 4);
  if (reader.int8() !== magic) return undefined;
  // The checksum: kafkajs does not look at it either.
  reader.moveTo(reader.position + 4);
  const attributes = reader.int16();
  if ((attributes & compressionMask) !== 0) return undefined;
  const last = first + reader.int32();
  const firstMs = reader.int64();
  const lastMs = reader.int64();
  // Producer, its epoch, the first sequence.
  reader.moveTo(reader.position + 14);
  const count = reader.int32();
  if ((attributes & controlMask) !== 0) return last;
  const timeMs = (attributes & logAppendTime) === 0 ? undefined : lastMs;
  for (let index = 0; index < count; index += 1) {
    const record = readRecord(reader, wanted, { offset: first, timeMs: firstMs });
    if (record.offset < wanted.next) continue;
    records.push(timeMs === undefined ? record : { ...record, timeMs });
  }
  return last;
}

function readRecord(
  reader: WireReader,
  { topic, partition }: Wanted,
  base: { readonly offset: number; readonly timeMs: number },
): LogRecord {
  const length = reader.varint();
  const end = reader.position + length;
  reader.int8();
  const timeMs = base.timeMs + reader.varint();
  const offset = base.offset + reader.varint();
  const key = reader.text();
  const value = reader.bytes();
  const headers: Record<string, string> = {};
  for (let left = reader.varint(); left > 0; left -= 1) {
    // A foreign producer may repeat a header; the last one counts, as in Kafka's own clients.
    const name = reader.text();
    headers[name] = reader.text();
  }
  reader.moveTo(end);
  return { topic, partition, offset, key, value, headers, timeMs };
}
