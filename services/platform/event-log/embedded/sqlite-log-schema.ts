/** The database of the durable topics. */
export const logFile = 'log';

/** One partition of one topic, as the log's tables number it. */
export interface Lane {
  readonly number: number;
  /** Offset of the partition's next record; counted here because one process owns the file. */
  endOffset: number;
}

/**
 * Ids between the first ones of two lanes. All records lie in one table ordered by lane and offset:
 * an append touches the end of its lane and no index. 2^13 lanes of 2^40 records fit into the
 * integers that JavaScript keeps exactly.
 */
export const laneSize = 2 ** 40;

/** The row id of the lane's offset 0. */
export const firstId = ({ number }: Lane): number => number * laneSize;

/** The log's tables. */
export const schema = [
  `CREATE TABLE IF NOT EXISTS log_lanes (
     lane INTEGER PRIMARY KEY, topic TEXT NOT NULL, partition INTEGER NOT NULL, UNIQUE (topic, partition))`,
  // The small columns come first: a sweep then never walks through the pages of a large value.
  `CREATE TABLE IF NOT EXISTS log_records (
     id INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, crc INTEGER NOT NULL,
     key TEXT NOT NULL, headers TEXT NOT NULL, value BLOB NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS log_positions (
     member_group TEXT NOT NULL, lane INTEGER NOT NULL, next_offset INTEGER NOT NULL,
     PRIMARY KEY (member_group, lane)) WITHOUT ROWID`,
];

/** The statements of the log. Ranges of ids are half open. */
export const sql = {
  append:
    'INSERT INTO log_records (id, time_ms, crc, key, headers, value) VALUES (?, ?, ?, ?, ?, ?)',
  /** From id, to id, how many, how many bytes: the first row is always among them. */
  read: `SELECT id, time_ms, crc, key, headers, value FROM (
           SELECT *, SUM(LENGTH(value)) OVER (ORDER BY id) - LENGTH(value) AS bytes_before
           FROM log_records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?)
         WHERE bytes_before <= ? ORDER BY id`,
  /**
   * The newest record stays, expired or not: the next offset is known by it. Looks only at the
   * oldest few, because the expired ones are among them.
   */
  expire: `DELETE FROM log_records WHERE id >= ? AND id < ? AND id IN (
             SELECT id FROM (
               SELECT id, time_ms FROM log_records
               WHERE id >= ? AND id < (SELECT MAX(id) FROM log_records WHERE id < ?)
               ORDER BY id LIMIT ?)
             WHERE time_ms < ?)`,
  compact: `DELETE FROM log_records WHERE id >= ? AND id < ? AND id NOT IN (
              SELECT MAX(id) FROM log_records WHERE id >= ? AND id < ? GROUP BY key)`,
  loadPosition: 'SELECT next_offset FROM log_positions WHERE member_group = ? AND lane = ?',
  storePosition: `INSERT INTO log_positions (member_group, lane, next_offset) VALUES (?, ?, ?)
                  ON CONFLICT (member_group, lane) DO UPDATE SET next_offset = excluded.next_offset`,
} as const;
