import type { Clock } from '../../clock/clock.ts';
import { logger } from '../../telemetry/logger.ts';
import type { GroupReader, LogRecord } from '../event-log.ts';
import type { GroupDelivery } from '../group-delivery.ts';
import type { EmbeddedTopic } from './embedded-topic.ts';
import { DamagedRecord } from './topic-store.ts';

const defaultMaxRecords = 500;
const retryMs = 250;

/** A group's member at work on one partition, until it is stopped or the partition is taken from it. */
export class PartitionReader {
  readonly #topic: EmbeddedTopic;
  readonly #partition: number;
  readonly #reader: GroupReader;
  readonly #tools: { readonly delivery: GroupDelivery; readonly clock: Clock };
  readonly #lost = new AbortController();
  readonly #stopping = new AbortController();
  readonly #over = AbortSignal.any([this.#lost.signal, this.#stopping.signal]);
  readonly #done: Promise<void>;

  constructor(
    topic: EmbeddedTopic,
    partition: number,
    reader: GroupReader,
    tools: { readonly delivery: GroupDelivery; readonly clock: Clock },
  ) {
    this.#topic = topic;
    this.#partition = partition;
    this.#reader = reader;
    this.#tools = tools;
    this.#done = this.#run();
  }

  /** Tells the handler that the partition belongs to another member, and waits for it. */
  async lose(): Promise<void> {
    this.#lost.abort();
    await this.#done;
  }

  /** Lets the handler finish, and offers no more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    let next: number | undefined;
    while (!this.#over.aborted) {
      /* oxlint-disable no-await-in-loop -- one batch after the other */
      try {
        next ??= await this.#topic.positions.load(this.#reader.group, this.#partition);
        next = await this.#step(next);
      } catch (error) {
        logger.warn(
          { topic: this.#topic.declared.name, partition: this.#partition, error: String(error) },
          'partition not read, trying again',
        );
        await this.#tools.clock.sleep(retryMs, this.#over).catch(() => undefined);
      }
      /* oxlint-enable no-await-in-loop */
    }
  }

  /** Handles the next batch, or waits for one; gives the offset reached. */
  async #step(next: number): Promise<number> {
    const bell = this.#topic.bell(this.#partition);
    const heard = bell.rings;
    const records = await this.#read(next);
    if (records instanceof DamagedRecord) return this.#setAside(records, next);
    if (records.length === 0) {
      await bell.wait(heard, this.#over);
      return next;
    }
    this.#topic.handled.inc(records.length);
    let reached = next;
    const end = { lost: this.#lost.signal, stopping: this.#stopping.signal };
    await this.#tools.delivery.deliver(records, end, (nextOffset) => {
      reached = nextOffset;
      this.#topic.positions.reached(this.#reader.group, this.#partition, nextOffset);
    });
    return reached;
  }

  async #read(next: number): Promise<readonly LogRecord[] | DamagedRecord> {
    try {
      const limit = this.#reader.maxRecords ?? defaultMaxRecords;
      return await this.#topic.store.read(this.#partition, next, limit);
    } catch (error) {
      if (error instanceof DamagedRecord) return error;
      throw error;
    }
  }

  async #setAside({ record, message }: DamagedRecord, next: number): Promise<number> {
    const end = { lost: this.#lost.signal, stopping: this.#stopping.signal };
    if (!(await this.#tools.delivery.setAside(record, message, end))) return next;
    this.#topic.positions.reached(this.#reader.group, this.#partition, record.offset + 1);
    return record.offset + 1;
  }
}
