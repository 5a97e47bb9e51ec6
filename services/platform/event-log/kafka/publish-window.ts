import type { Message } from 'kafkajs';
import type { OutgoingRecord } from '../event-log.ts';
import { partitionOfKey } from '../partition-of-key.ts';

/** Records that travel in one request, of any topics, and the news of how that went. */
export class PublishWindow {
  /** Settles when the request is acknowledged or has failed. */
  readonly sent: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
  readonly #messages = new Map<string, Message[]>();
  #bytes = 0;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.sent = promise;
    this.resolve = resolve;
    this.reject = reject;
    // The publishers may all have gone by then; a failure that nobody awaits is no crash.
    promise.catch(() => undefined);
  }

  /** Bytes of keys and values so far. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#messages.size === 0;
  }

  /** Adds a record, on the partition it names or the one of its key. */
  add(record: OutgoingRecord): void {
    const { topic, key, value, headers } = record;
    const message: Message = {
      key,
      value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
      partition: record.partition ?? partitionOfKey(key, topic.partitions),
      ...(headers !== undefined && { headers: { ...headers } }),
    };
    const messages = this.#messages.get(topic.name);
    if (messages === undefined) this.#messages.set(topic.name, [message]);
    else messages.push(message);
    this.#bytes += recordBytes(record);
  }

  /** The records by topic, as `sendBatch` takes them. */
  get topicMessages(): { topic: string; messages: Message[] }[] {
    return Array.from(this.#messages, ([topic, messages]) => ({ topic, messages }));
  }
}

/** About what a record takes in a request. */
export function recordBytes({ key, value }: OutgoingRecord): number {
  return key.length + value.byteLength;
}
