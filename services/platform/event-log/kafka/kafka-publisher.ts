import type { Producer } from 'kafkajs';
import { ChorusError } from '../../../domain/errors.ts';
import type { Clock } from '../../clock/clock.ts';
import { metrics } from '../../telemetry/metrics.ts';
import { maxRecordBytes, type OutgoingRecord } from '../event-log.ts';
import {
  briskRetry,
  createKafkaClient,
  requestTimeoutMs,
  type KafkaClientOptions,
} from './kafka-client.ts';
import { kafkaError } from './kafka-error.ts';
import { PublishWindow, recordBytes } from './publish-window.ts';
import { within } from './within.ts';

/** What the publisher needs to know. */
export interface KafkaPublisherOptions extends KafkaClientOptions {
  readonly clock: Clock;
  /** How long the first record of a request waits for others, in ms; 0: to the end of this turn. */
  readonly lingerMs: number;
}

/** A request carries at most this much, unless one record alone is larger; topics take twice it. */
const maxWindowBytes = maxRecordBytes;
/** Records on their way or waiting may take this much; more is refused. */
const maxBytesHeld = 64 * 1024 * 1024;
/** A record that was not acknowledged by then has failed, with unknown outcome. */
const publishDeadlineMs = 10_000;
const closeDeadlineMs = 5000;

/**
 * The sending side. All records that are handed over within `lingerMs` go out in one request over
 * all topics: a request costs the broker and us ten times what a record in it costs.
 *
 * Not idempotent: kafkajs rolls its sequence back after a failed send and reuses it for another
 * payload, which the broker then acknowledges without storing it.
 */
export class KafkaPublisher {
  readonly #clock: Clock;
  readonly #lingerMs: number;
  readonly #producer: Producer;
  #onItsWay: PublishWindow | undefined;
  #open = new PublishWindow();
  #full: PublishWindow[] = [];
  #bytesHeld = 0;
  #isFlushDue = false;
  #isClosed = false;

  constructor(options: KafkaPublisherOptions) {
    this.#clock = options.clock;
    this.#lingerMs = options.lingerMs;
    this.#producer = createKafkaClient(options, { retry: briskRetry }).producer({
      allowAutoTopicCreation: false,
      idempotent: false,
      // Every message names its partition: the hash of its key is ours, not the client's.
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
    });
  }

  async connect(): Promise<void> {
    await this.#producer.connect();
  }

  /** Sends records; see `EventLog.publish`. */
  async publish(records: readonly OutgoingRecord[], signal?: AbortSignal): Promise<void> {
    if (this.#isClosed) throw new ChorusError('unavailable', 'the event log is closed');
    if (signal?.aborted === true) throw ChorusError.from(signal.reason, 'cancelled');
    for (const record of records) check(record);
    if (records.length === 0) return;
    if (this.#bytesHeld > maxBytesHeld) {
      throw new ChorusError('overloaded', `${maxBytesHeld} bytes wait for Kafka already`);
    }
    const windows = new Set<PublishWindow>();
    for (const record of records) windows.add(this.#put(record));
    const [first, ...others] = windows;
    const sent =
      first === undefined || others.length > 0
        ? Promise.all(Array.from(windows, (window) => window.sent))
        : first.sent;
    await (signal === undefined ? sent : unlessAborted(sent, signal));
  }

  /** Sends what waits, waits for what is on its way, and disconnects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#flush();
    const left = [...this.#full, this.#open].filter((window) => !window.isEmpty);
    if (this.#onItsWay !== undefined) left.push(this.#onItsWay);
    await Promise.allSettled(left.map(async (window) => window.sent));
    await within(this.#clock, closeDeadlineMs, 'closing', this.#producer.disconnect());
  }

  #put(record: OutgoingRecord): PublishWindow {
    const bytes = recordBytes(record);
    if (!this.#open.isEmpty && this.#open.bytes + bytes > maxWindowBytes) {
      this.#full.push(this.#open);
      this.#open = new PublishWindow();
      this.#sendNext();
    }
    const window = this.#open;
    if (window.isEmpty) this.#begin(window);
    window.add(record);
    this.#bytesHeld += bytes;
    return window;
  }

  #begin(window: PublishWindow): void {
    const deadline = this.#clock.after(publishDeadlineMs, () => {
      window.reject(
        new ChorusError('unavailable', `Kafka: no acknowledgement within ${publishDeadlineMs} ms`),
      );
    });
    void window.sent.finally(() => deadline.cancel()).catch(() => undefined);
    const flush = (): void => this.#flush();
    if (this.#lingerMs > 0) this.#clock.after(this.#lingerMs, flush);
    else this.#clock.nextTurn(flush);
  }

  #flush(): void {
    this.#isFlushDue = !this.#open.isEmpty;
    this.#sendNext();
  }

  /**
   * One request at a time: kafkajs may put two on the wire in the other order, and tries one that
   * failed again after the next. What comes meanwhile travels together in the next request.
   */
  #sendNext(): void {
    if (this.#onItsWay !== undefined) return;
    const full = this.#full.shift();
    if (full !== undefined) {
      void this.#send(full);
    } else if (this.#isFlushDue && !this.#open.isEmpty) {
      this.#isFlushDue = false;
      const window = this.#open;
      this.#open = new PublishWindow();
      void this.#send(window);
    }
  }

  /** Settles the window; never rejects. */
  async #send(window: PublishWindow): Promise<void> {
    this.#onItsWay = window;
    const { topicMessages } = window;
    try {
      await this.#producer.sendBatch({ acks: -1, timeout: requestTimeoutMs, topicMessages });
      for (const { topic, messages } of topicMessages) {
        metrics.logRecords.inc({ topic, operation: 'publish' }, messages.length);
      }
      window.resolve();
    } catch (error) {
      window.reject(kafkaError('sending', error));
    } finally {
      this.#onItsWay = undefined;
      this.#bytesHeld -= window.bytes;
      this.#sendNext();
    }
  }
}

function check({ topic, partition, value }: OutgoingRecord): void {
  if (value.byteLength > maxRecordBytes) {
    throw new ChorusError(
      'too_large',
      `a record of ${value.byteLength} bytes for ${topic.name}; ${maxRecordBytes} are the most`,
    );
  }
  if (partition === undefined) return;
  if (!Number.isInteger(partition) || partition < 0 || partition >= topic.partitions) {
    throw new ChorusError(
      'invalid_argument',
      `${topic.name} has partitions 0 to ${topic.partitions - 1}, not ${partition}`,
    );
  }
}

async function unlessAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(ChorusError.from(signal.reason, 'cancelled'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
