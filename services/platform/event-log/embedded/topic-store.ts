import { ChorusError } from '../../../domain/errors.ts';
import type { LogRecord } from '../event-log.ts';

/** Where an embedded topic keeps its records. */
export interface TopicStore {
  /** How many partitions it has; at least as many as were declared. */
  readonly partitions: number;
  /** Offset that the partition's next record will get. */
  endOffset(partition: number): number;
  /**
   * At most `limit` records from `fromOffset` on, fewer when they are large.
   * @throws DamagedRecord when the first of them is not what was written.
   */
  read(partition: number, fromOffset: number, limit: number): Promise<readonly LogRecord[]>;
  /** Drops what the topic's retention or compaction no longer keeps. */
  sweep(nowMs: number): Promise<void>;
}

/** A stored record whose checksum does not fit: the disk or a foreign hand changed it. */
export class DamagedRecord extends ChorusError {
  readonly record: LogRecord;

  constructor(record: LogRecord) {
    const { topic, partition, offset } = record;
    super('internal', `the record ${topic}/${partition}@${offset} does not fit its checksum`);
    this.record = record;
  }
}
