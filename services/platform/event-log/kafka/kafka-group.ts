import type { Consumer, ConsumerGroupJoinEvent, EachBatchPayload } from 'kafkajs';
import { metrics } from '../../telemetry/metrics.ts';
import type { GroupReader, Subscription } from '../event-log.ts';
import type { GroupDelivery } from '../group-delivery.ts';
import { kafkaRecord } from './kafka-record.ts';
import { PartitionLane } from './partition-lane.ts';
import { PositionKeeper } from './position-keeper.ts';
import { SupervisedConsumer, type ReaderOptions } from './supervised-consumer.ts';
import { within } from './within.ts';

const defaultMaxRecords = 500;
/** A handler that is still at work when its member closes gets this long before it is told to stop. */
const handlerDeadlineMs = 20_000;

/**
 * A member of a consumer group on one topic. Kafka's group is named after the topic too: members
 * of one Kafka group that read different topics would give each other partitions they cannot read.
 */
export class KafkaGroup implements Subscription {
  readonly #reader: GroupReader;
  readonly #delivery: GroupDelivery;
  readonly #options: ReaderOptions;
  readonly #positions: PositionKeeper;
  readonly #stopping = new AbortController();
  readonly #lanes = new Map<number, PartitionLane>();
  #consumer: SupervisedConsumer | undefined;
  #raw: Consumer | undefined;
  #memberId = '';
  #closed: Promise<void> | undefined;

  private constructor(reader: GroupReader, delivery: GroupDelivery, options: ReaderOptions) {
    this.#reader = reader;
    this.#delivery = delivery;
    this.#options = options;
    this.#positions = new PositionKeeper(reader.topic.name, options.clock);
  }

  static async open(
    reader: GroupReader,
    delivery: GroupDelivery,
    options: ReaderOptions,
  ): Promise<KafkaGroup> {
    const group = new KafkaGroup(reader, delivery, options);
    group.#consumer = await SupervisedConsumer.open(
      {
        groupId: () => `${reader.group}.${reader.topic.name}`,
        topics: [reader.topic.name],
        fromBeginning: true,
        run: {
          eachBatchAutoResolve: false,
          eachBatch: async (payload) => group.#take(payload),
        },
        onOpen: (consumer) => group.#follow(consumer),
        onDown: () => group.#loseAll(),
      },
      options,
    );
    return group;
  }

  get isRunning(): boolean {
    return this.#consumer?.isRunning ?? false;
  }

  async close(): Promise<void> {
    this.#closed ??= this.#close();
    await this.#closed;
  }

  async #close(): Promise<void> {
    this.#stopping.abort();
    this.#pauseAll();
    const idle = Promise.all(Array.from(this.#lanes.values(), async (lane) => lane.idle()));
    try {
      await within(this.#options.clock, handlerDeadlineMs, 'a handler', idle);
    } catch {
      this.#loseAll();
    }
    await this.#positions.close();
    await this.#consumer?.close();
    this.#loseAll();
  }

  #follow(consumer: Consumer): void {
    this.#raw = consumer;
    const { GROUP_JOIN, REBALANCING } = consumer.events;
    // The old generation may still store, and whoever gets our partitions begins where we were.
    consumer.on(REBALANCING, () => void this.#positions.flush());
    consumer.on(GROUP_JOIN, ({ payload }) => this.#join(consumer, payload));
  }

  /**
   * Goes on with the partitions that stayed ours and drops the others with their work. Only the
   * same member id says that no generation passed without us, in which another owned them.
   */
  #join(consumer: Consumer, payload: ConsumerGroupJoinEvent['payload']): void {
    const topic = this.#reader.topic.name;
    const owned = new Set(payload.memberAssignment[topic]);
    const isSameMember = payload.memberId === this.#memberId;
    this.#memberId = payload.memberId;
    for (const [partition, lane] of this.#lanes) {
      if (!isSameMember || !owned.has(partition)) this.#lose(partition);
      // kafkajs forgets at each join what it has fetched, and would begin at the stored position.
      else if (lane.nextFetch !== undefined) {
        consumer.seek({ topic, partition, offset: `${lane.nextFetch}` });
      }
    }
    for (const partition of owned) {
      if (!this.#lanes.has(partition)) this.#lanes.set(partition, this.#newLane(partition));
    }
  }

  #newLane(partition: number): PartitionLane {
    return new PartitionLane({
      delivery: this.#delivery,
      maxRecords: this.#reader.maxRecords ?? defaultMaxRecords,
      stopping: this.#stopping.signal,
      onHandled: (next) => this.#positions.note(partition, next),
    });
  }

  #take(payload: EachBatchPayload): void {
    const { topic, partition, messages } = payload.batch;
    const lane = this.#lanes.get(partition);
    const last = messages.at(-1);
    if (lane === undefined || last === undefined || this.#stopping.signal.aborted) return;
    this.#positions.store = async (offsets) => payload.commitOffsetsIfNecessary(offsets);
    // Resolved means fetched here; how far the handler came is stored by hand.
    payload.resolveOffset(last.offset);
    metrics.logRecords.inc({ topic, operation: 'handle' }, messages.length);
    lane.take(
      messages.map((message) => kafkaRecord(topic, partition, message)),
      () => payload.pause(),
    );
  }

  /** Stops the fetching but not the heartbeats, while the last handlers finish. */
  #pauseAll(): void {
    try {
      this.#raw?.pause([{ topic: this.#reader.topic.name }]);
    } catch {
      // It has not joined or is down: nothing is fetched anyway.
    }
  }

  #loseAll(): void {
    for (const partition of this.#lanes.keys()) this.#lose(partition);
  }

  #lose(partition: number): void {
    this.#lanes.get(partition)?.lose();
    this.#lanes.delete(partition);
    this.#positions.drop(partition);
  }
}
