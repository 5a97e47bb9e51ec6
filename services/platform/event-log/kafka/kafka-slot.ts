import type { EachBatchPayload } from 'kafkajs';
import type { Counter } from 'prom-client';
import type { Random } from '../../random/random.ts';
import { logger } from '../../telemetry/logger.ts';
import { metrics } from '../../telemetry/metrics.ts';
import type { Clock } from '../../clock/clock.ts';
import type { LogRecord, SlotReader, Subscription } from '../event-log.ts';
import { FetchWatch } from './fetch-watch.ts';
import { kafkaRecord } from './kafka-record.ts';
import { ownPartitionAssigner } from './own-partition-assigner.ts';
import { quickFetch } from './quick-fetch.ts';
import {
  type ConsumerPlan,
  SupervisedConsumer,
  type ReaderOptions,
} from './supervised-consumer.ts';

/**
 * Reads one partition of several topics with one consumer: fetches that many experts share cost a
 * fifth of a fetch for each.
 *
 * Each start takes a group of its own. In a shared group a killed member's partitions, and with
 * kafkajs' eager rebalancing everybody's, stand still until its session times out.
 */
export class KafkaSlot implements Subscription {
  readonly #reader: SlotReader;
  readonly #clock: Clock;
  readonly #watch: FetchWatch;
  readonly #handled: ReadonlyMap<string, Counter.Internal>;
  #gathered: LogRecord[] = [];
  #consumer: SupervisedConsumer | undefined;
  #endFetching: () => void = () => undefined;
  #isClosed = false;

  private constructor(reader: SlotReader, clock: Clock) {
    this.#reader = reader;
    this.#clock = clock;
    this.#handled = new Map(
      reader.topics.map(({ name }) => [name, metrics.logRecords.labels(name, 'handle')]),
    );
    this.#watch = new FetchWatch({
      onJoined: () => reader.onJoined?.(),
      onLost: () => reader.onLost?.(),
    });
  }

  static async open(
    reader: SlotReader,
    options: ReaderOptions & { readonly random: Random },
  ): Promise<KafkaSlot> {
    const slot = new KafkaSlot(reader, options.clock);
    try {
      slot.#consumer = await SupervisedConsumer.open(slot.#plan(options.random), options);
    } catch (error) {
      slot.#endFetching();
      throw error;
    }
    return slot;
  }

  get isRunning(): boolean {
    return this.#consumer?.isRunning ?? false;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watch.end();
    await this.#consumer?.close();
    this.#endFetching();
  }

  #plan(random: Random): ConsumerPlan {
    return {
      groupId: () => this.#newGroup(random),
      topics: this.#reader.topics.map(({ name }) => name),
      fromBeginning: false,
      config: { partitionAssigners: [ownPartitionAssigner(this.#reader.partition)] },
      run: { eachBatch: async (payload) => this.#handle(payload) },
      onOpen: (consumer) => this.#watch.follow(consumer),
      onDown: () => this.#watch.lose(),
      onSocket: this.#watch.watchSocket,
    };
  }

  #newGroup(random: Random): string {
    const groupId = `chorus.slot.${this.#reader.partition}.${random.id()}`;
    this.#endFetching();
    this.#endFetching = quickFetch(groupId, (records) => this.#take(records));
    return groupId;
  }

  #take(records: readonly LogRecord[]): void {
    // What kafkajs brought before.
    this.#handOver();
    this.#gathered.push(...records);
    for (const { topic } of records) this.#handled.get(topic)?.inc();
    this.#handOver();
  }

  /**
   * kafkajs calls for each topic in turn. What one fetch brought is handed over together, so that
   * all experts' batches share what is paid once: the way to the model threads, the replies' frame.
   */
  #handle({ batch: { topic, partition, messages } }: EachBatchPayload): void {
    if (this.#gathered.length === 0) this.#clock.nextTurn(() => this.#handOver());
    for (const message of messages) this.#gathered.push(kafkaRecord(topic, partition, message));
    this.#handled.get(topic)?.inc(messages.length);
  }

  #handOver(): void {
    const records = this.#gathered;
    this.#gathered = [];
    if (this.#isClosed || records.length === 0) return;
    try {
      this.#reader.handle(records);
    } catch (error) {
      // A slot delivers at most once: the batch is lost, the reader must not be.
      metrics.logFailures.inc({ operation: 'handle' });
      const { partition } = this.#reader;
      logger.error({ event: 'log.handler_failed', partition, reason: String(error) });
    }
  }
}
