import type { Value } from '../../records/records.ts';
import type { SqliteThread } from '../../sqlite/sqlite-thread.ts';
import type { LogRecord, OutgoingRecord } from '../event-log.ts';
import type { EmbeddedTopic } from './embedded-topic.ts';
import { MemoryTopic } from './memory-topic.ts';
import { logFile, sql } from './sqlite-log-schema.ts';

/** A record, checked, and where it goes. */
export interface Placed {
  readonly topic: EmbeddedTopic;
  readonly partition: number;
  readonly record: OutgoingRecord;
}

interface Announced {
  readonly topic: EmbeddedTopic;
  readonly record: LogRecord;
}

/**
 * Appends records: those for memory at once, the durable ones in one transaction. Readers hear of
 * a record when it is safe. Gives undefined when there is nothing to wait for.
 */
export function appendRecords(
  thread: SqliteThread,
  placed: readonly Placed[],
  timeMs: number,
): Promise<void> | undefined {
  const rows: (readonly Value[])[] = [];
  const durable: Announced[] = [];
  for (const { topic, partition, record } of placed) {
    const { store } = topic;
    if (store instanceof MemoryTopic) {
      const isTaken = topic.listeners(partition).size > 0;
      topic.announce(store.append(partition, record, { timeMs, isTaken }));
    } else {
      const stored = store.place(partition, record, timeMs);
      rows.push(stored.row);
      durable.push({ topic, record: stored.record });
    }
  }
  if (rows.length === 0) return undefined;
  return storeRows(thread, rows, durable);
}

async function storeRows(
  thread: SqliteThread,
  rows: readonly (readonly Value[])[],
  records: readonly Announced[],
): Promise<void> {
  await thread.run(logFile, [{ sql: sql.append, rows }]);
  for (const { topic, record } of records) topic.announce(record);
}
