import { expect } from 'vitest';
import { deadTopic, type Topic } from '../../domain/topics.ts';
import { RealRandom } from '../random/real-random.ts';
import type {
  EventLog,
  GroupReader,
  LogRecord,
  OutgoingRecord,
  Subscription,
} from './event-log.ts';

/** A log's storage that the suite may use as it likes; each adapter's test builds one. */
export interface EventLogStorage {
  /** Opens the log; the suite holds one at a time. */
  open(): Promise<EventLog>;
  /** Closes `log` in good order and opens a new one on the same storage. */
  restart(log: EventLog): Promise<EventLog>;
  /** Ends `log` as kill −9 would (no position stored, no handler waited for) and opens a new one. */
  crash(log: EventLog): Promise<EventLog>;
  /** Removes what the suite left behind. */
  destroy(): Promise<void>;
}

/** What the suite must know about an adapter beforehand. */
export interface EventLogTraits {
  /** How long to wait for what must happen: joins and expired sessions take Kafka seconds. */
  readonly patienceMs: number;
  /** How long a topic's retention has passed when expired records are surely gone. */
  readonly expiryMs: number;
  /** Whether a compacted topic drops older records of a key within `patienceMs`. */
  readonly compactsSoon: boolean;
}

const random = new RealRandom();

/** A name that no other run of the suite uses: Kafka's topics are shared. */
export const uniqueName = (prefix: string): string =>
  `${prefix}.${Buffer.from(random.bytes(8)).toString('hex')}`;

/** The log in the hands of the suite, with the few sentences that most tests are made of. */
export class LogUnderTest {
  readonly traits: EventLogTraits;
  readonly #storage: EventLogStorage;
  #log: EventLog;

  static async open(
    createStorage: () => Promise<EventLogStorage>,
    traits: EventLogTraits,
  ): Promise<LogUnderTest> {
    const storage = await createStorage();
    return new LogUnderTest(storage, await storage.open(), traits);
  }

  private constructor(storage: EventLogStorage, log: EventLog, traits: EventLogTraits) {
    this.#storage = storage;
    this.#log = log;
    this.traits = traits;
  }

  get log(): EventLog {
    return this.#log;
  }

  async restart(): Promise<void> {
    this.#log = await this.#storage.restart(this.#log);
  }

  async crash(): Promise<void> {
    this.#log = await this.#storage.crash(this.#log);
  }

  async destroy(): Promise<void> {
    await this.#log.close();
    await this.#storage.destroy();
  }

  /** A new topic of one partition unless told, with its dead topic. */
  async topic(about: Partial<Topic> = {}): Promise<Topic> {
    const topic: Topic = {
      name: uniqueName('test'),
      partitions: 1,
      retentionMs: 600_000,
      durable: true,
      compacted: false,
      ...about,
    };
    await this.#log.ensureTopics([topic, deadTopic(topic)]);
    return topic;
  }

  /** Publishes texts to one partition, in one call. */
  async publish(topic: Topic, texts: readonly string[], partition = 0): Promise<void> {
    await this.#log.publish(texts.map((text) => outgoing(topic, text, partition)));
  }

  /** Every record of a partition from `fromOffset` on. */
  async replay(topic: Topic, partition = 0, fromOffset = 0): Promise<readonly LogRecord[]> {
    const records: LogRecord[] = [];
    for await (const record of this.#log.replay(topic, partition, fromOffset)) records.push(record);
    return records;
  }

  /** Joins a group with a handler that notes what it gets; `maxRecords` 500 unless told. */
  async join(
    topic: Topic,
    group: string,
    notes: Notes,
    about: Partial<GroupReader> = {},
  ): Promise<Subscription> {
    return this.#log.consumeGroup({
      topic,
      group,
      handle: async (records) => notes.take(records),
      ...about,
    });
  }

  /** Waits until `read` gives what is expected. */
  async eventually<T>(read: () => T | Promise<T>, expected: T): Promise<void> {
    // oxlint-disable-next-line vitest/no-standalone-expect
    await expect.poll(read, { timeout: this.traits.patienceMs, interval: 20 }).toEqual(expected);
  }
}

/** What a reader got, in order. */
export class Notes {
  readonly batches: (readonly LogRecord[])[] = [];

  readonly take = (records: readonly LogRecord[]): void => {
    this.batches.push(records);
  };

  get records(): readonly LogRecord[] {
    return this.batches.flat();
  }

  get texts(): readonly string[] {
    return this.records.map((record) => text(record));
  }
}

/** A record whose key and value are the same text. */
export const outgoing = (topic: Topic, value: string, partition: number): OutgoingRecord => ({
  topic,
  partition,
  key: value,
  value: Buffer.from(value),
});

/** A record's value as text. */
export const text = (record: LogRecord): string => Buffer.from(record.value).toString();

/** `a0`, `a1`, … */
export const texts = (count: number, prefix = 'a'): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

/** What a ChorusError of this code matches. */
export const withCode = (code: string) => ({ name: 'ChorusError', code });
