import type { EachBatchPayload } from 'kafkajs';
import type { Random } from '../../random/random.ts';
import { logger } from '../../telemetry/logger.ts';
import { metrics } from '../../telemetry/metrics.ts';
import type { SlotReader, Subscription } from '../event-log.ts';
import { FetchWatch } from './fetch-watch.ts';
import { kafkaRecord } from './kafka-record.ts';
import { ownPartitionAssigner } from './own-partition-assigner.ts';
import { SupervisedConsumer, type ReaderOptions } from './supervised-consumer.ts';

/**
 * Reads one partition of several topics with one consumer: fetches that many experts share cost a
 * fifth of a fetch for each.
 *
 * Each start takes a group of its own. In a shared group a killed member's partitions, and with
 * kafkajs' eager rebalancing everybody's, stand still until its session times out.
 */
export class KafkaSlot implements Subscription {
  readonly #reader: SlotReader;
  readonly #watch: FetchWatch;
  #consumer: SupervisedConsumer | undefined;
  #isClosed = false;

  private constructor(reader: SlotReader) {
    this.#reader = reader;
    this.#watch = new FetchWatch({
      onJoined: () => reader.onJoined?.(),
      onLost: () => reader.onLost?.(),
    });
  }

  static async open(
    reader: SlotReader,
    options: ReaderOptions & { readonly random: Random },
  ): Promise<KafkaSlot> {
    const slot = new KafkaSlot(reader);
    slot.#consumer = await SupervisedConsumer.open(
      {
        groupId: () => `chorus.slot.${reader.partition}.${options.random.id()}`,
        topics: reader.topics.map(({ name }) => name),
        fromBeginning: false,
        config: { partitionAssigners: [ownPartitionAssigner(reader.partition)] },
        run: { eachBatch: async (payload) => slot.#handle(payload) },
        onOpen: (consumer) => slot.#watch.follow(consumer),
        onDown: () => slot.#watch.lose(),
        onSocket: slot.#watch.watchSocket,
      },
      options,
    );
    return slot;
  }

  get isRunning(): boolean {
    return this.#consumer?.isRunning ?? false;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watch.end();
    await this.#consumer?.close();
  }

  #handle({ batch }: EachBatchPayload): void {
    if (this.#isClosed) return;
    const { topic, partition, messages } = batch;
    const records = messages.map((message) => kafkaRecord(topic, partition, message));
    metrics.logRecords.inc({ topic, operation: 'handle' }, records.length);
    try {
      this.#reader.handle(records);
    } catch (error) {
      // A slot delivers at most once: the batch is lost, the reader must not be.
      metrics.logFailures.inc({ operation: 'handle' });
      logger.error({ event: 'log.handler_failed', topic, partition, reason: String(error) });
    }
  }
}
