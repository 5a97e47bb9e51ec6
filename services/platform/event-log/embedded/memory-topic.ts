import type { Topic } from '../../../domain/topics.ts';
import type { LogRecord, OutgoingRecord } from '../event-log.ts';
import { noHeaders } from './no-headers.ts';
import type { TopicStore } from './topic-store.ts';

/** A partition keeps at most about this much, whatever the retention: a burst must not fill the process. */
const maxPartitionBytes = 8 * 1024 * 1024;
const bytesPerRecord = 200;

/** The records of a topic that need not survive the process. */
export class MemoryTopic implements TopicStore {
  readonly #topic: Topic;
  readonly #partitions: readonly MemoryPartition[];

  constructor(topic: Topic) {
    this.#topic = topic;
    this.#partitions = Array.from({ length: topic.partitions }, () => new MemoryPartition());
  }

  get partitions(): number {
    return this.#partitions.length;
  }

  /**
   * @param isTaken whether a slot reader is offered the record at once: then nobody needs it here, and
   *   what is kept for minutes under load is what makes the collector's pauses long.
   */
  append(
    partition: number,
    { key, value, headers }: OutgoingRecord,
    { timeMs, isTaken }: { readonly timeMs: number; readonly isTaken: boolean },
  ): LogRecord {
    const { name, retentionMs } = this.#topic;
    const room = this.#room(partition);
    const record: LogRecord = {
      topic: name,
      partition,
      offset: room.endOffset,
      key,
      value,
      headers: headers ?? noHeaders,
      timeMs,
    };
    if (isTaken) room.skip();
    else room.push(record);
    room.dropOlderThan(timeMs - retentionMs);
    return record;
  }

  endOffset(partition: number): number {
    return this.#room(partition).endOffset;
  }

  async read(partition: number, fromOffset: number, limit: number): Promise<readonly LogRecord[]> {
    return this.#room(partition).read(fromOffset, limit);
  }

  async sweep(nowMs: number): Promise<void> {
    for (const room of this.#partitions) room.dropOlderThan(nowMs - this.#topic.retentionMs);
  }

  #room(partition: number): MemoryPartition {
    const room = this.#partitions[partition];
    if (room === undefined)
      throw new RangeError(`${this.#topic.name} has no partition ${partition}`);
    return room;
  }
}

/** Records in the order of their offsets, which have no gaps. */
class MemoryPartition {
  #records: LogRecord[] = [];
  /** Index of the oldest record kept; what lies before it awaits the next trim. */
  #first = 0;
  #bytes = 0;
  endOffset = 0;

  push(record: LogRecord): void {
    this.#records.push(record);
    this.endOffset += 1;
    this.#bytes += record.value.byteLength + bytesPerRecord;
    while (this.#bytes > maxPartitionBytes && this.#first < this.#records.length - 1) this.#drop();
  }

  /** Counts a record that is not kept; offsets have no gaps, so those before it go too. */
  skip(): void {
    this.#records = [];
    this.#first = 0;
    this.#bytes = 0;
    this.endOffset += 1;
  }

  dropOlderThan(timeMs: number): void {
    let oldest = this.#records[this.#first];
    while (oldest !== undefined && oldest.timeMs < timeMs) {
      this.#drop();
      oldest = this.#records[this.#first];
    }
  }

  read(fromOffset: number, limit: number): readonly LogRecord[] {
    const oldestOffset = this.endOffset - (this.#records.length - this.#first);
    const from = this.#first + Math.max(0, fromOffset - oldestOffset);
    return this.#records.slice(from, from + limit);
  }

  #drop(): void {
    this.#bytes -= (this.#records[this.#first]?.value.byteLength ?? 0) + bytesPerRecord;
    this.#first += 1;
    // Shifting one by one would move the whole array each time.
    if (this.#first < 1024 && this.#first < this.#records.length) return;
    this.#records = this.#records.slice(this.#first);
    this.#first = 0;
  }
}
