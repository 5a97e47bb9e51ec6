import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deadTopic, jobsTopic } from '../../../domain/topics.ts';
import { RealClock } from '../../clock/real-clock.ts';
import { SqliteThread } from '../../sqlite/sqlite-thread.ts';
import { EmbeddedEventLog } from '../embedded-event-log.ts';
import { Notes, outgoing } from '../log-under-test.contract.ts';

describe('a record that was changed on disk', { timeout: 60_000 }, () => {
  let dataDir: string;
  let thread: SqliteThread;
  let log: EmbeddedEventLog;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'chorus-damage-'));
    thread = await SqliteThread.open(dataDir);
    log = new EmbeddedEventLog(thread, new RealClock());
    await log.ensureTopics([jobsTopic]);
    await log.publish(['one', 'two', 'three'].map((text) => outgoing(jobsTopic, text, 0)));
    const change = `UPDATE log_records SET value = CAST('tvo' AS BLOB) WHERE key = 'two'`;
    await thread.run('log', [{ sql: change, expectRows: 1 }]);
  });

  afterEach(async () => {
    await log.close();
    await thread.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('stops a replay by name', async () => {
    const replay = all(log.replay(jobsTopic, 0, 0));
    await expect(replay).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('moe.jobs/0@1'),
    });
  });

  it('is set aside for a group, and the rest goes on', async () => {
    const notes = new Notes();
    const handle = async (records: Parameters<Notes['take']>[0]) => notes.take(records);
    const member = await log.consumeGroup({ topic: jobsTopic, group: 'g', handle });
    await expect.poll(() => notes.texts).toEqual(['one', 'three']);
    const [dead] = await all(log.replay(deadTopic(jobsTopic), 0, 0));
    expect(dead?.headers['dead-reason']).toContain('checksum');
    await member.close();
  });
});

async function all<T>(iterable: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const one of iterable) found.push(one);
  return found;
}
