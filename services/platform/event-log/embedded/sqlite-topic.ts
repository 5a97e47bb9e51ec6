import { crc32 } from 'node:zlib';
import type { Topic } from '../../../domain/topics.ts';
import type { Row, Value } from '../../records/records.ts';
import type { SqliteThread } from '../../sqlite/sqlite-thread.ts';
import type { LogRecord, OutgoingRecord } from '../event-log.ts';
import { noHeaders } from './no-headers.ts';
import { firstId, logFile, sql, type Lane } from './sqlite-log-schema.ts';
import { DamagedRecord, type TopicStore } from './topic-store.ts';

/** One read takes no more than this, except a single record that is larger. */
const maxReadBytes = 4 * 1024 * 1024;
/** Deleting holds up appends, so it goes in bites. */
const recordsPerBite = 1000;

/** The records of a durable topic, in the rows of its lanes. */
export class SqliteTopic implements TopicStore {
  readonly #thread: SqliteThread;
  readonly #topic: Topic;
  readonly #lanes: readonly Lane[];

  constructor(thread: SqliteThread, topic: Topic, lanes: readonly Lane[]) {
    this.#thread = thread;
    this.#topic = topic;
    this.#lanes = lanes;
  }

  get partitions(): number {
    return this.#lanes.length;
  }

  /** Which lane of the log a partition is stored in. */
  laneOf(partition: number): Lane {
    const lane = this.#lanes[partition];
    if (lane === undefined)
      throw new RangeError(`${this.#topic.name} has no partition ${partition}`);
    return lane;
  }

  /** Gives the record its offset, and the row for `sql.append` that stores it. */
  place(
    partition: number,
    { key, value, headers }: OutgoingRecord,
    timeMs: number,
  ): { record: LogRecord; row: readonly Value[] } {
    const lane = this.laneOf(partition);
    const offset = lane.endOffset;
    lane.endOffset += 1;
    const headersText = headers === undefined ? '' : JSON.stringify(headers);
    const crc = checksum(key, headersText, value);
    return {
      record: {
        topic: this.#topic.name,
        partition,
        offset,
        key,
        value,
        headers: headers ?? noHeaders,
        timeMs,
      },
      row: [firstId(lane) + offset, timeMs, crc, key, headersText, value],
    };
  }

  endOffset(partition: number): number {
    return this.laneOf(partition).endOffset;
  }

  async read(partition: number, fromOffset: number, limit: number): Promise<readonly LogRecord[]> {
    const lane = this.laneOf(partition);
    const start = firstId(lane);
    const [result] = await this.#thread.run(logFile, [
      {
        sql: sql.read,
        params: [start + fromOffset, start + lane.endOffset, limit, maxReadBytes],
      },
    ]);
    const records: LogRecord[] = [];
    for (const row of result?.rows ?? []) {
      const record = this.#record(partition, start, row);
      if (checksum(record.key, String(row['headers']), record.value) !== row['crc']) {
        if (records.length === 0) throw new DamagedRecord(record);
        break;
      }
      records.push(record);
    }
    return records;
  }

  async sweep(nowMs: number): Promise<void> {
    await Promise.all(
      this.#lanes.map(async (lane) =>
        this.#topic.compacted ? this.#compact(lane) : this.#expire(lane, nowMs),
      ),
    );
  }

  async #compact(lane: Lane): Promise<void> {
    const start = firstId(lane);
    const range = [start, start + lane.endOffset];
    await this.#thread.run(logFile, [{ sql: sql.compact, params: [...range, ...range] }]);
  }

  async #expire(lane: Lane, nowMs: number): Promise<void> {
    const start = firstId(lane);
    const range = [start, start + lane.endOffset];
    const params = [...range, ...range, recordsPerBite, nowMs - this.#topic.retentionMs];
    let deleted = recordsPerBite;
    while (deleted === recordsPerBite) {
      // oxlint-disable-next-line no-await-in-loop -- appends get their turn between two bites
      const [result] = await this.#thread.run(logFile, [{ sql: sql.expire, params }]);
      deleted = result?.changes ?? 0;
    }
  }

  #record(partition: number, start: number, row: Row): LogRecord {
    const headersText = String(row['headers']);
    const value = row['value'];
    return {
      topic: this.#topic.name,
      partition,
      offset: Number(row['id']) - start,
      key: String(row['key']),
      value: value instanceof Uint8Array ? value : new Uint8Array(0),
      headers: headersText === '' ? noHeaders : parseHeaders(headersText),
      timeMs: Number(row['time_ms']),
    };
  }
}

function checksum(key: string, headers: string, value: Uint8Array): number {
  // As if one after the other; a call costs more than the few characters in it.
  return crc32(value, crc32(key + headers));
}

function parseHeaders(text: string): Readonly<Record<string, string>> {
  try {
    // Written by `place`; a changed text is found by its checksum.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return JSON.parse(text) as Record<string, string>;
  } catch {
    return noHeaders;
  }
}
