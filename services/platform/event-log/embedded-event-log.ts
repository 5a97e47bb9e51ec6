import { ChorusError } from '../../domain/errors.ts';
import { deadTopic, type Topic } from '../../domain/topics.ts';
import type { Clock, Timer } from '../clock/clock.ts';
import type { SqliteThread } from '../sqlite/sqlite-thread.ts';
import { untilAborted } from '../sqlite/until-aborted.ts';
import { logger } from '../telemetry/logger.ts';
import { appendRecords, type Placed } from './embedded/append-records.ts';
import { ConsumerGroup } from './embedded/consumer-group.ts';
import { EmbeddedSlot } from './embedded/embedded-slot.ts';
import { EmbeddedTopic } from './embedded/embedded-topic.ts';
import { MemoryTopic } from './embedded/memory-topic.ts';
import { MemoryPositions, SqlitePositions } from './embedded/positions.ts';
import { openSqliteTopic, tooFewPartitions } from './embedded/open-sqlite-topic.ts';
import { logFile } from './embedded/sqlite-log-schema.ts';
import {
  maxRecordBytes,
  type EventLog,
  type GroupReader,
  type LogRecord,
  type OutgoingRecord,
  type SlotReader,
  type Subscription,
} from './event-log.ts';
import { partitionOfKey } from './partition-of-key.ts';

const sweepEveryMs = 60_000;
const replayBatch = 500;

/**
 * The event log of a process that is alone: durable topics in `log.sqlite`, the others in memory.
 * The storage thread is shared and stays open.
 */
export class EmbeddedEventLog implements EventLog {
  readonly #thread: SqliteThread;
  readonly #clock: Clock;
  readonly #sweeping: Timer;
  readonly #topics = new Map<string, EmbeddedTopic>();
  /** Topics being opened, so that two callers do not open one twice. */
  readonly #opening = new Map<string, Promise<EmbeddedTopic>>();
  readonly #groups = new Map<string, ConsumerGroup>();
  readonly #subscriptions = new Set<Subscription>();
  readonly #inFlight = new Set<Promise<unknown>>();
  #state: 'open' | 'closing' | 'closed' = 'open';
  #closed: Promise<void> | undefined;

  /** `sweepMs` between two looks for expired records: a minute unless told. */
  constructor(thread: SqliteThread, clock: Clock, options: { readonly sweepMs?: number } = {}) {
    this.#thread = thread;
    this.#clock = clock;
    this.#sweeping = clock.every(options.sweepMs ?? sweepEveryMs, () => void this.#sweep());
  }

  async ensureTopics(topics: readonly Topic[]): Promise<void> {
    this.#refuseWhen('closed');
    await Promise.all(topics.map(async (topic) => this.#ensureTopic(topic)));
  }

  async publish(records: readonly OutgoingRecord[], signal?: AbortSignal): Promise<void> {
    this.#refuseWhen('closed');
    if (signal?.aborted === true) throw ChorusError.from(signal.reason);
    const placed = records.map((record) => this.#place(record));
    const appending = appendRecords(this.#thread, placed, this.#clock.nowMs());
    // Without durable records it is done already.
    if (appending === undefined) return;
    await untilAborted(this.#track(appending), signal);
  }

  async readSlot(slot: SlotReader): Promise<Subscription> {
    this.#refuseWhen('closing', 'closed');
    const topics = slot.topics.map((topic) => this.#topic(topic));
    return this.#keep(new EmbeddedSlot(slot, topics, this.#clock));
  }

  async consumeGroup(reader: GroupReader): Promise<Subscription> {
    this.#refuseWhen('closing', 'closed');
    const topic = this.#topic(reader.topic);
    await this.ensureTopics([deadTopic(reader.topic)]);
    this.#refuseWhen('closing', 'closed');
    const name = `${reader.topic.name}/${reader.group}`;
    const publishDead = async (record: OutgoingRecord): Promise<void> => this.publish([record]);
    const group = this.#groups.get(name) ?? new ConsumerGroup(topic, publishDead, this.#clock);
    this.#groups.set(name, group);
    return this.#keep(group.join(reader));
  }

  async *replay(topic: Topic, partition: number, fromOffset: number): AsyncGenerator<LogRecord> {
    this.#refuseWhen('closed');
    const { store } = this.#topic(topic);
    const end = store.endOffset(partition);
    let next = fromOffset;
    while (next < end) {
      // oxlint-disable-next-line no-await-in-loop -- read only as fast as the caller takes them
      const records = await store.read(partition, next, Math.min(replayBatch, end - next));
      const last = records.at(-1);
      if (last === undefined) return;
      for (const record of records) if (record.offset < end) yield record;
      next = last.offset + 1;
    }
  }

  async endOffsets(topic: Topic): Promise<readonly number[]> {
    this.#refuseWhen('closed');
    const { store } = this.#topic(topic);
    return Array.from({ length: store.partitions }, (_, partition) => store.endOffset(partition));
  }

  async isHealthy(): Promise<boolean> {
    if (this.#state !== 'open') return false;
    try {
      await this.#thread.run(logFile, [{ sql: 'SELECT 1' }]);
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    this.#closed ??= this.#closeOnce();
    return this.#closed;
  }

  async #closeOnce(): Promise<void> {
    this.#state = 'closing';
    this.#sweeping.cancel();
    // Handlers that finish may still publish what they made.
    const closing = Array.from(this.#subscriptions, async (reader) => reader.close());
    const outcomes = await Promise.allSettled(closing);
    this.#state = 'closed';
    await Promise.allSettled(this.#inFlight);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') {
        logger.warn({ error: String(outcome.reason) }, 'position not stored at the end');
      }
    }
  }

  async #ensureTopic(topic: Topic): Promise<void> {
    const { store } = this.#topics.get(topic.name) ?? (await this.#openTopic(topic));
    if (store.partitions < topic.partitions) throw tooFewPartitions(topic, store.partitions);
  }

  async #openTopic(topic: Topic): Promise<EmbeddedTopic> {
    const opening = this.#opening.get(topic.name) ?? this.#track(this.#newTopic(topic));
    this.#opening.set(topic.name, opening);
    try {
      const opened = await opening;
      this.#topics.set(topic.name, opened);
      return opened;
    } finally {
      this.#opening.delete(topic.name);
    }
  }

  async #newTopic(topic: Topic): Promise<EmbeddedTopic> {
    if (topic.durable) {
      const store = await openSqliteTopic(this.#thread, topic);
      return new EmbeddedTopic(topic, store, new SqlitePositions(this.#thread, store, this.#clock));
    }
    if (topic.compacted) {
      throw new ChorusError('bad_setting', `the compacted topic ${topic.name} must be durable`);
    }
    return new EmbeddedTopic(topic, new MemoryTopic(topic), new MemoryPositions());
  }

  #topic({ name }: Topic): EmbeddedTopic {
    const topic = this.#topics.get(name);
    if (topic === undefined) {
      throw new ChorusError('not_found', `the topic ${name} does not exist; ensureTopics makes it`);
    }
    return topic;
  }

  #place(record: OutgoingRecord): Placed {
    const topic = this.#topic(record.topic);
    const { name } = record.topic;
    if (record.value.byteLength > maxRecordBytes) {
      throw new ChorusError(
        'too_large',
        `a record for ${name} has ${record.value.byteLength} bytes, ${maxRecordBytes} are allowed`,
      );
    }
    const { partitions } = topic.store;
    const partition = record.partition ?? partitionOfKey(record.key, partitions);
    if (!(Number.isInteger(partition) && partition >= 0 && partition < partitions)) {
      throw new ChorusError('invalid_argument', `the topic ${name} has no partition ${partition}`);
    }
    return { topic, partition, record };
  }

  async #sweep(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    try {
      const topics = Array.from(this.#topics.values());
      await this.#track(Promise.all(topics.map(async ({ store }) => store.sweep(nowMs))));
    } catch (error) {
      logger.warn({ error: String(error) }, 'expired records not deleted');
    }
  }

  #keep(subscription: Subscription): Subscription {
    this.#subscriptions.add(subscription);
    return {
      close: async () => {
        await subscription.close();
        this.#subscriptions.delete(subscription);
      },
    };
  }

  async #track<T>(call: Promise<T>): Promise<T> {
    this.#inFlight.add(call);
    try {
      return await call;
    } finally {
      this.#inFlight.delete(call);
    }
  }

  #refuseWhen(...states: readonly string[]): void {
    if (states.includes(this.#state)) throw new ChorusError('unavailable', 'the log is closed');
  }
}
