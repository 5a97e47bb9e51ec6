import { ChorusError } from '../../domain/errors.ts';
import { deadTopic, type Topic } from '../../domain/topics.ts';
import type { Clock } from '../clock/clock.ts';
import type { Random } from '../random/random.ts';
import { metrics } from '../telemetry/metrics.ts';
import type {
  EventLog,
  GroupReader,
  LogRecord,
  OutgoingRecord,
  SlotReader,
  Subscription,
} from './event-log.ts';
import { GroupDelivery } from './group-delivery.ts';
import { awaitBroker } from './kafka/await-broker.ts';
import { openNoDelaySocket, type OpenSocket } from './kafka/kafka-client.ts';
import { KafkaGroup } from './kafka/kafka-group.ts';
import { KafkaPublisher } from './kafka/kafka-publisher.ts';
import { kafkaReplay } from './kafka/kafka-replay.ts';
import { KafkaSlot } from './kafka/kafka-slot.ts';
import { KafkaTopics } from './kafka/kafka-topics.ts';
import type { ReaderOptions } from './kafka/supervised-consumer.ts';

/** How a process reaches Kafka. */
export interface KafkaEventLogOptions {
  /** `host:port` of some of the brokers. */
  readonly brokers: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  /**
   * How long records wait for others to travel with, in ms; 1 unless told. 0 sends at the end of
   * the event-loop turn; 3 halves the cost of a record where thousands a second are sent.
   */
  readonly lingerMs?: number;
  /** What the brokers' logs call this process; `chorus` unless told. */
  readonly clientId?: string;
  /** After this silence the broker gives a group's member up, in ms; 30,000 unless told. */
  readonly sessionTimeoutMs?: number;
  /** Opens connections; TCP without delay unless told. */
  readonly openSocket?: OpenSocket;
  /** Ends the waiting for a broker. */
  readonly signal?: AbortSignal;
  /** Told every few seconds what `connect` waits for. */
  readonly onWaiting?: (message: string) => void;
}

type Reader = Subscription & { readonly isRunning: boolean };

/** The event log on Apache Kafka; the folder `kafka/` beside it is all that knows kafkajs. */
export class KafkaEventLog implements EventLog {
  readonly #options: ReaderOptions & { readonly random: Random };
  readonly #topics: KafkaTopics;
  readonly #publisher: KafkaPublisher;
  readonly #readers = new Set<Reader>();
  #closed: Promise<void> | undefined;

  private constructor(options: KafkaEventLogOptions) {
    this.#options = {
      brokers: options.brokers,
      clock: options.clock,
      random: options.random,
      clientId: options.clientId ?? 'chorus',
      sessionTimeoutMs: options.sessionTimeoutMs ?? 30_000,
      openSocket: options.openSocket ?? openNoDelaySocket,
    };
    this.#topics = new KafkaTopics(this.#options);
    this.#publisher = new KafkaPublisher({ ...this.#options, lingerMs: options.lingerMs ?? 1 });
  }

  /**
   * Connects, and waits for a broker for as long as it takes.
   * @throws ChorusError `cancelled` or `deadline_exceeded` by the signal.
   */
  static async connect(options: KafkaEventLogOptions): Promise<KafkaEventLog> {
    const log = new KafkaEventLog(options);
    const { signal, onWaiting } = options;
    try {
      await awaitBroker({ ...log.#options, signal, onWaiting }, async () => {
        await log.#topics.connect();
        await log.#publisher.connect();
      });
    } catch (error) {
      await log.close();
      throw error;
    }
    return log;
  }

  async ensureTopics(topics: readonly Topic[]): Promise<void> {
    this.#assertOpen();
    await this.#topics.ensure(topics);
  }

  async publish(records: readonly OutgoingRecord[], signal?: AbortSignal): Promise<void> {
    this.#assertOpen();
    try {
      await this.#publisher.publish(records, signal);
    } catch (error) {
      metrics.logFailures.inc({ operation: 'publish' });
      throw error;
    }
  }

  async readSlot(slot: SlotReader): Promise<Subscription> {
    this.#assertOpen();
    return this.#keep(await KafkaSlot.open(slot, this.#options));
  }

  async consumeGroup(reader: GroupReader): Promise<Subscription> {
    this.#assertOpen();
    // Without it a poison record would stop its partition until somebody creates the topic.
    await this.#topics.ensure([deadTopic(reader.topic)]);
    const publishDead = async (record: OutgoingRecord): Promise<void> =>
      this.#publisher.publish([record]);
    const delivery = new GroupDelivery(reader, publishDead, this.#options.clock);
    return this.#keep(await KafkaGroup.open(reader, delivery, this.#options));
  }

  async *replay(topic: Topic, partition: number, fromOffset: number): AsyncGenerator<LogRecord> {
    this.#assertOpen();
    const { low, high } = (await this.#topics.bounds(topic))[partition] ?? { low: 0, high: 0 };
    const range = { topic, partition, from: Math.max(fromOffset, low), end: high };
    yield* kafkaReplay(range, this.#options);
  }

  async endOffsets(topic: Topic): Promise<readonly number[]> {
    this.#assertOpen();
    return (await this.#topics.bounds(topic)).map(({ high }) => high);
  }

  async isHealthy(): Promise<boolean> {
    if (this.#closed !== undefined) return false;
    // A reader that crashed hears nothing while the broker answers others.
    for (const reader of this.#readers) if (!reader.isRunning) return false;
    return this.#topics.isReachable();
  }

  async close(): Promise<void> {
    this.#closed ??= this.#close();
    await this.#closed;
  }

  async #close(): Promise<void> {
    // The readers first: their last handlers may still publish, to the dead topic at least.
    await Promise.allSettled(Array.from(this.#readers, async (reader) => reader.close()));
    await Promise.allSettled([this.#publisher.close(), this.#topics.close()]);
  }

  async #keep(reader: Reader): Promise<Subscription> {
    if (this.#closed !== undefined) {
      await reader.close();
      this.#assertOpen();
    }
    this.#readers.add(reader);
    return {
      close: async () => {
        await reader.close();
        this.#readers.delete(reader);
      },
    };
  }

  #assertOpen(): void {
    if (this.#closed === undefined) return;
    throw new ChorusError('unavailable', 'the event log is closed');
  }
}
