import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { LogRecord } from '../event-log.ts';

const noHeaders: Readonly<Record<string, string>> = Object.freeze({});
const noBytes = new Uint8Array(0);

/** A message of kafkajs as readers of the log get it. */
export function kafkaRecord(topic: string, partition: number, message: KafkaMessage): LogRecord {
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: message.key?.toString() ?? '',
    value: message.value ?? noBytes,
    headers: message.headers === undefined ? noHeaders : textHeaders(message.headers),
    timeMs: Number(message.timestamp),
  };
}

function textHeaders(headers: IHeaders): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    // A foreign producer may repeat a header; the last one counts, as in Kafka's own clients.
    const last = Array.isArray(value) ? value.at(-1) : value;
    texts[name] = last?.toString() ?? '';
  }
  return texts;
}
