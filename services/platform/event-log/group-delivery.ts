import { deadTopic } from '../../domain/topics.ts';
import type { Clock } from '../clock/clock.ts';
import { logger } from '../telemetry/logger.ts';
import { metrics } from '../telemetry/metrics.ts';
import {
  maxDeliveries,
  type GroupReader,
  type LogRecord,
  type OutgoingRecord,
} from './event-log.ts';

/** A batch is offered whole this often before its records are tried one by one. */
const wholeDeliveries = 2;
const firstBackOffMs = 50;
const longestBackOffMs = 5000;
const longestReason = 500;

/** What ends a delivery early. */
export interface DeliveryEnd {
  /** The partition belongs to another member now: the handler is told, and nothing is offered any more. */
  readonly lost: AbortSignal;
  /** The reader closes: the handler may finish, nothing is offered any more. */
  readonly stopping: AbortSignal;
}

/**
 * How a group's member hands records to its handler, whichever engine they come from: again after
 * a back-off when the handler threw, then record by record; what failed `maxDeliveries` times is
 * set aside in the dead topic, and the rest goes on.
 */
export class GroupDelivery {
  readonly #reader: GroupReader;
  readonly #publishDead: (record: OutgoingRecord) => Promise<void>;
  readonly #clock: Clock;

  /** `publishDead` must resolve once the record is safe; while it rejects it is called again. */
  constructor(
    reader: GroupReader,
    publishDead: (record: OutgoingRecord) => Promise<void>,
    clock: Clock,
  ) {
    this.#reader = reader;
    this.#publishDead = publishDead;
    this.#clock = clock;
  }

  /**
   * Offers records of one partition, in order, until all are handled or set aside, or `end` says
   * stop. `onHandled` gets the offset after each contiguous handled prefix. Never rejects.
   */
  async deliver(
    records: readonly LogRecord[],
    end: DeliveryEnd,
    onHandled: (nextOffset: number) => void,
  ): Promise<void> {
    const last = records.at(-1);
    if (last === undefined) return;
    /* oxlint-disable no-await-in-loop -- order is what a partition promises */
    for (let delivery = 1; delivery <= wholeDeliveries; delivery += 1) {
      if (isOver(end)) return;
      if (delivery > 1) this.#countRedelivered(records.length);
      const failure = await this.#offer(records, end);
      if (failure === undefined) return onHandled(last.offset + 1);
      await this.#backOff(delivery, end);
    }
    for (const record of records) {
      if (!(await this.#deliverOne(record, end))) return;
      onHandled(record.offset + 1);
    }
    /* oxlint-enable no-await-in-loop */
  }

  /** Sends a record to the dead topic, trying until it is safe; false when `end` came first. Never rejects. */
  async setAside(record: LogRecord, reason: string, end: DeliveryEnd): Promise<boolean> {
    const dead = this.#deadRecord(record, reason);
    const { topic, partition, offset } = record;
    const about = { topic, partition, offset, group: this.#reader.group };
    for (let attempt = 1; !isOver(end); attempt += 1) {
      try {
        // oxlint-disable-next-line no-await-in-loop
        await this.#publishDead(dead);
        metrics.logRecords.inc({ topic, operation: 'dead' });
        logger.warn(about, 'record set aside in the dead topic');
        return true;
      } catch (error) {
        logger.warn({ ...about, error: messageOf(error) }, 'dead topic not reached, trying again');
        // oxlint-disable-next-line no-await-in-loop
        await this.#backOff(attempt, end);
      }
    }
    return false;
  }

  /** Whether the record was handled or set aside; false when `end` came first. */
  async #deliverOne(record: LogRecord, end: DeliveryEnd): Promise<boolean> {
    let failure: Error | undefined;
    for (let delivery = wholeDeliveries + 1; delivery <= maxDeliveries; delivery += 1) {
      if (isOver(end)) return false;
      this.#countRedelivered(1);
      /* oxlint-disable no-await-in-loop -- one try after the other */
      failure = await this.#offer([record], end);
      if (failure === undefined) return true;
      if (delivery < maxDeliveries) await this.#backOff(delivery, end);
      /* oxlint-enable no-await-in-loop */
    }
    // A handler that threw because its partition was taken away did not fail.
    if (end.lost.aborted) return false;
    return this.setAside(record, failure?.message ?? '', end);
  }

  async #offer(records: readonly LogRecord[], end: DeliveryEnd): Promise<Error | undefined> {
    try {
      await this.#reader.handle(records, end.lost);
      return undefined;
    } catch (error) {
      if (!end.lost.aborted) {
        const { topic, partition, offset } = records[0] ?? {};
        const { group } = this.#reader;
        metrics.logFailures.inc({ operation: 'handle' });
        logger.warn(
          { topic, partition, offset, records: records.length, group, error: messageOf(error) },
          'handler of a group failed',
        );
      }
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #countRedelivered(records: number): void {
    metrics.logRecords.inc({ topic: this.#reader.topic.name, operation: 'redeliver' }, records);
  }

  async #backOff(failures: number, end: DeliveryEnd): Promise<void> {
    const delayMs = Math.min(firstBackOffMs * 2 ** (failures - 1), longestBackOffMs);
    try {
      await this.#clock.sleep(delayMs, AbortSignal.any([end.lost, end.stopping]));
    } catch {
      // Only an end wakes it early, and every caller looks for that itself.
    }
  }

  #deadRecord({ key, value, headers, ...from }: LogRecord, reason: string): OutgoingRecord {
    return {
      topic: deadTopic(this.#reader.topic),
      partition: from.partition,
      key,
      value,
      headers: {
        ...headers,
        'dead-topic': from.topic,
        'dead-partition': String(from.partition),
        'dead-offset': String(from.offset),
        'dead-group': this.#reader.group,
        'dead-reason': reason.slice(0, longestReason),
      },
    };
  }
}

function isOver({ lost, stopping }: DeliveryEnd): boolean {
  return lost.aborted || stopping.aborted;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
