import { crc32c } from './crc32c.ts';
import { varintBytes, WireWriter } from './wire-writer.ts';

/** A record as the publisher hands it to kafkajs. */
export interface ProducedMessage {
  readonly key: string;
  readonly value: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Records of a request by topic and partition, as kafkajs hands them to its encoder. */
export interface ProducedTopic {
  readonly topic: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly messages: readonly ProducedMessage[];
  }[];
}

/** What a Produce request says besides its records. */
export interface ProduceTraits {
  readonly acks: number;
  /** For the acknowledgement of all replicas, in ms. */
  readonly timeout: number;
  /** When the records were made, in ms since the epoch. */
  readonly nowMs: number;
}

/** The fixed part of a record batch, from its first offset to its count of records. */
const batchBytes = 61;
const magic = 2;

/**
 * The body of a Produce request, version 3 to 7, without transaction, producer id or compression
 * (Kafka's protocol guide: Produce API, RecordBatch): the bytes that kafkajs makes, written once
 * into one buffer. kafkajs allocates a kilobyte for each record, batch, partition and topic and
 * copies every byte five times.
 */
export function produceBody(topics: readonly ProducedTopic[], traits: ProduceTraits): Buffer {
  const writer = new WireWriter(bytesAtMost(topics));
  writer.int16(-1);
  writer.int16(traits.acks);
  writer.int32(traits.timeout);
  writer.int32(topics.length);
  for (const { topic, partitions } of topics) {
    writer.string(topic);
    writer.int32(partitions.length);
    for (const { partition, messages } of partitions) {
      writer.int32(partition);
      const size = writer.skipInt32();
      writeBatch(writer, messages, traits.nowMs);
      writer.int32At(size, writer.position - size - 4);
    }
  }
  return writer.written;
}

function writeBatch(writer: WireWriter, messages: readonly ProducedMessage[], nowMs: number): void {
  writer.int64(0);
  const length = writer.skipInt32();
  writer.int32(0);
  writer.int8(magic);
  const checksum = writer.skipInt32();
  const checkedFrom = writer.position;
  writer.int16(0);
  writer.int32(messages.length - 1);
  writer.int64(nowMs);
  writer.int64(nowMs);
  // No producer id, its epoch, no first sequence, as kafkajs says it.
  writer.int64(-1);
  writer.int16(0);
  writer.int32(0);
  writer.int32(messages.length);
  for (const [index, message] of messages.entries()) writeRecord(writer, message, index);
  writer.int32At(length, writer.position - length - 4);
  writer.int32At(checksum, crc32c(writer.written, checkedFrom, writer.position));
}

function writeRecord(
  writer: WireWriter,
  { key, value, headers = {} }: ProducedMessage,
  offsetDelta: number,
): void {
  const keyBytes = Buffer.byteLength(key);
  const names = Object.keys(headers);
  // Attributes and the difference of times, both 0, take a byte each.
  let size = 2 + varintBytes(offsetDelta) + varintBytes(keyBytes) + keyBytes;
  size += varintBytes(value.byteLength) + value.byteLength + varintBytes(names.length);
  for (const name of names) size += textSize(name) + textSize(headers[name] ?? '');
  writer.varint(size);
  writer.int8(0);
  writer.int8(0);
  writer.varint(offsetDelta);
  writer.text(key, keyBytes);
  writer.bytes(value);
  writer.varint(names.length);
  for (const name of names) {
    writer.text(name, Buffer.byteLength(name));
    const text = headers[name] ?? '';
    writer.text(text, Buffer.byteLength(text));
  }
}

function textSize(text: string): number {
  const bytes = Buffer.byteLength(text);
  return varintBytes(bytes) + bytes;
}

/** No fewer bytes than the body takes. */
function bytesAtMost(topics: readonly ProducedTopic[]): number {
  let bytes = 12;
  for (const { topic, partitions } of topics) {
    bytes += 6 + 3 * topic.length;
    for (const { messages } of partitions) {
      bytes += 8 + batchBytes;
      for (const message of messages) bytes += recordBytesAtMost(message);
    }
  }
  return bytes;
}

function recordBytesAtMost({ key, value, headers = {} }: ProducedMessage): number {
  let bytes = 32 + 3 * key.length + value.byteLength;
  for (const name of Object.keys(headers)) {
    bytes += 10 + 3 * name.length + 3 * (headers[name]?.length ?? 0);
  }
  return bytes;
}
