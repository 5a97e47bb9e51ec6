import { ChorusError } from '../../../domain/errors.ts';
import type { Topic } from '../../../domain/topics.ts';
import type { SqliteThread } from '../../sqlite/sqlite-thread.ts';
import { laneSize, logFile, schema } from './sqlite-log-schema.ts';
import { SqliteTopic } from './sqlite-topic.ts';

/**
 * Finds or makes a topic's lanes.
 * @throws ChorusError `bad_setting` when it exists with fewer partitions than declared.
 */
export async function openSqliteTopic(thread: SqliteThread, topic: Topic): Promise<SqliteTopic> {
  const partitions = Array.from({ length: topic.partitions }, (_, partition) => partition);
  const results = await thread.run(logFile, [
    ...schema.map((statement) => ({ sql: statement })),
    // All lanes or none: a topic that exists keeps the partitions it has.
    {
      sql: `INSERT INTO log_lanes (topic, partition)
            SELECT $1, value FROM json_each($2)
            WHERE NOT EXISTS (SELECT 1 FROM log_lanes WHERE topic = $1)`,
      params: [topic.name, JSON.stringify(partitions)],
    },
    {
      sql: `SELECT lane, (SELECT id - lane * ${laneSize} FROM log_records
                          WHERE id >= lane * ${laneSize} AND id < (lane + 1) * ${laneSize}
                          ORDER BY id DESC LIMIT 1) AS newest
            FROM log_lanes WHERE topic = $1 ORDER BY partition`,
      params: [topic.name],
    },
  ]);
  const rows = results.at(-1)?.rows ?? [];
  if (rows.length < topic.partitions) throw tooFewPartitions(topic, rows.length);
  const lanes = rows.map(({ lane, newest }) => ({
    number: Number(lane),
    endOffset: newest === null ? 0 : Number(newest) + 1,
  }));
  return new SqliteTopic(thread, topic, lanes);
}

/** What a topic gets that exists with fewer partitions than it is declared with. */
export function tooFewPartitions({ name, partitions }: Topic, existing: number): ChorusError {
  return new ChorusError(
    'bad_setting',
    `the topic ${name} has ${existing} partitions, ${partitions} are declared`,
  );
}
