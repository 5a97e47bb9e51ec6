import type { Admin, ITopicConfig } from 'kafkajs';
import { ChorusError } from '../../../domain/errors.ts';
import type { Topic } from '../../../domain/topics.ts';
import type { Clock } from '../../clock/clock.ts';
import { maxRecordBytes } from '../event-log.ts';
import { createKafkaClient, type KafkaClientOptions } from './kafka-client.ts';
import { kafkaError } from './kafka-error.ts';
import { within } from './within.ts';

const deadlineMs = 30_000;
const healthDeadlineMs = 1000;
const newTopicDeadlineMs = 10_000;
const newTopicPauseMs = 50;
const minSegmentMs = 1000;
const maxSegmentMs = 7 * 24 * 60 * 60 * 1000;

/** Topics as Kafka's administrator sees them. */
export class KafkaTopics {
  readonly #clock: Clock;
  readonly #admin: Admin;

  constructor(options: KafkaClientOptions & { readonly clock: Clock }) {
    this.#clock = options.clock;
    this.#admin = createKafkaClient(options).admin();
  }

  async connect(): Promise<void> {
    await this.#admin.connect();
  }

  /** Creates what is missing and refuses what has too few partitions. */
  async ensure(topics: readonly Topic[]): Promise<void> {
    const declared = new Map(topics.map((topic) => [topic.name, topic]));
    if (declared.size === 0) return;
    const partitions = await this.#ask('creating topics', async () => this.#create(declared));
    const tooFew = [...declared.values()]
      .filter((topic) => (partitions.get(topic.name) ?? 0) < topic.partitions)
      .map(({ name, partitions: wanted }) => `${name} has ${partitions.get(name)}, not ${wanted}`);
    if (tooFew.length === 0) return;
    throw new ChorusError(
      'bad_setting',
      `Kafka topics have too few partitions: ${tooFew.join('; ')}`,
    );
  }

  /** The oldest and the next offset of each partition, by partition number. */
  async bounds(topic: Topic): Promise<readonly { readonly low: number; readonly high: number }[]> {
    const offsets = await this.#ask(`offsets of ${topic.name}`, async () =>
      this.#admin.fetchTopicOffsets(topic.name),
    );
    return offsets
      .toSorted((left, right) => left.partition - right.partition)
      .map(({ low, high }) => ({ low: Number(low), high: Number(high) }));
  }

  /** Whether a broker answers within a second. Never throws. */
  async isReachable(): Promise<boolean> {
    try {
      await within(this.#clock, healthDeadlineMs, 'health', this.#admin.describeCluster());
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    await within(this.#clock, deadlineMs, 'closing', this.#admin.disconnect());
  }

  /** Creates the topics and says how many partitions each has in the end. */
  async #create(declared: ReadonlyMap<string, Topic>): Promise<ReadonlyMap<string, number>> {
    const names = [...declared.keys()];
    // One call for all: topics that exist already fail by themselves, harmlessly. kafkajs' own
    // waiting gives up on a topic that the broker has not heard of yet.
    const hasNew = await this.#admin.createTopics({
      topics: Array.from(declared.values(), topicConfig),
      waitForLeaders: false,
    });
    const { topics } = await this.#untilItWorks(async () =>
      this.#admin.fetchTopicMetadata({ topics: names }),
    );
    // The metadata names leaders a moment before they know it themselves; a request that meets
    // one of those fails in part, is sent again as a whole, and leaves doubles.
    const ask = async (name: string) =>
      this.#untilItWorks(async () => this.#admin.fetchTopicOffsets(name));
    if (hasNew) await Promise.all(names.map(ask));
    return new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
  }

  /** A new topic becomes known to the brokers one after the other. */
  async #untilItWorks<T>(work: () => Promise<T>): Promise<T> {
    const giveUpAtUs = this.#clock.monotonicUs() + newTopicDeadlineMs * 1000;
    for (;;) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- asked until it works
        return await work();
      } catch (error) {
        if (this.#clock.monotonicUs() > giveUpAtUs) throw error;
        // oxlint-disable-next-line no-await-in-loop
        await this.#clock.sleep(newTopicPauseMs);
      }
    }
  }

  async #ask<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await within(this.#clock, deadlineMs, what, work());
    } catch (error) {
      throw kafkaError(what, error);
    }
  }
}

function topicConfig(topic: Topic): ITopicConfig {
  const retentionMs = Number.isFinite(topic.retentionMs) ? topic.retentionMs : -1;
  const entries: Record<string, number | string> = {
    'retention.ms': retentionMs,
    'cleanup.policy': topic.compacted ? 'compact' : 'delete',
    // A request carries one record of the largest size and its wrapping, or several smaller ones.
    'max.message.bytes': 2 * maxRecordBytes,
    // Only whole segments expire, so a busy topic keeps a gigabyte unless it is cut by time too.
    ...(retentionMs > 0 && {
      'segment.ms': Math.min(maxSegmentMs, Math.max(minSegmentMs, retentionMs)),
    }),
  };
  return {
    topic: topic.name,
    numPartitions: topic.partitions,
    // -1 is the broker's default: 1 on a laptop, 3 in production.
    replicationFactor: -1,
    configEntries: Object.entries(entries).map(([name, value]) => ({ name, value: `${value}` })),
  };
}
