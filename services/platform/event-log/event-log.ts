import type { Topic } from '../../domain/topics.ts';

/**
 * An ordered, replayable log of records, split into topics and partitions.
 *
 * Promises: within a partition records are read in the order in which they were acknowledged. A
 * record of a durable topic that `publish` acknowledged survives the death of every process.
 * Delivery to a group is at least once; to a slot at most once.
 *
 * Does not promise: that a rejected `publish` left nothing behind (its outcome is unknown, so
 * readers drop doubles by their own ids), order between partitions, transactions.
 */
export interface EventLog {
  /**
   * Creates the topics that do not exist yet.
   * @throws ChorusError `bad_setting` when one exists with fewer partitions than declared.
   */
  ensureTopics(topics: readonly Topic[]): Promise<void>;

  /**
   * Appends records, of any topics, and resolves when all are acknowledged. Records handed over
   * in the same few milliseconds travel together.
   * @throws ChorusError `too_large` before anything is sent when a value exceeds `maxRecordBytes`,
   *   `unavailable` when the log cannot be reached, `cancelled` or `deadline_exceeded` by the
   *   signal; after the last three the records may have been appended all the same.
   */
  publish(records: readonly OutgoingRecord[], signal?: AbortSignal): Promise<void>;

  /**
   * Reads one partition of each topic from its end on, in a position of its own that is never
   * stored: what was written before the first fetch, or while nobody read, is not delivered.
   * `handle` must not wait; it is called again only after it returned.
   */
  readSlot(slot: SlotReader): Promise<Subscription>;

  /**
   * Joins the consumer group `group` on a topic: its members share the partitions, positions are
   * stored, a new group begins at the oldest record. The stored position is always the end of a
   * contiguous handled prefix; it is stored in the background, so that a crash redelivers a
   * little of what was handled.
   *
   * When `handle` throws, the batch is offered again after a back-off, then record by record; a
   * record that failed `maxDeliveries` (5) times goes to `<topic>.dead` with the reason, and the
   * rest goes on.
   */
  consumeGroup(group: GroupReader): Promise<Subscription>;

  /**
   * Reads a topic's partition from `fromOffset` to the end that it had at the call, without a
   * group: for rebuilding and replaying.
   */
  replay(topic: Topic, partition: number, fromOffset: number): AsyncIterable<LogRecord>;

  /** Offset that the next record of each partition will get, by partition number. */
  endOffsets(topic: Topic): Promise<readonly number[]>;

  /** Whether the log answers, for readiness. Never throws. */
  isHealthy(): Promise<boolean>;

  /** Stops all readers, waits for handlers and sends in flight, and closes. Harmless twice. */
  close(): Promise<void>;
}

/** A value may have this many bytes; tensors larger than this do not belong into a log. */
export const maxRecordBytes = 1024 * 1024;

/** A record on its way into the log. */
export interface OutgoingRecord {
  readonly topic: Topic;
  /** Where it goes; without it the partition follows from a hash of the key. */
  readonly partition?: number;
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A record as readers get it. */
export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** When it was appended, in ms since the epoch. */
  readonly timeMs: number;
}

/** How a worker process reads its own partition of its experts' topics. */
export interface SlotReader {
  readonly topics: readonly Topic[];
  readonly partition: number;
  handle(records: readonly LogRecord[]): void;
  /**
   * Called after the first fetch of every join: from here on records addressed to this reader
   * arrive. Called again after a broken connection was mended.
   */
  onJoined?(): void;
  /** Called when reading stopped for a time (a broken connection); `onJoined` follows. */
  onLost?(): void;
}

/** How a member of a group reads a topic. */
export interface GroupReader {
  readonly topic: Topic;
  readonly group: string;
  /** At most this many records a call; 500 unless told. */
  readonly maxRecords?: number;
  /** All records of one call are of one partition, in order. Aborted when the partition is lost. */
  handle(records: readonly LogRecord[], signal: AbortSignal): Promise<void>;
}

/** A reader at work. */
export interface Subscription {
  /** Waits for the call of `handle` in flight, stores the position reached, and leaves. Harmless twice. */
  close(): Promise<void>;
}

/** A group's record is set aside as dead after this many deliveries. */
export const maxDeliveries = 5;
