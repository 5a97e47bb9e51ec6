import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { RealClock } from '../clock/real-clock.ts';
import { SqliteThread } from '../sqlite/sqlite-thread.ts';
import { EmbeddedRecords } from './embedded-records.ts';
import type { RecordsStorage } from './contract/rig.ts';
import { recordsContract } from './records.contract.ts';

describe('embedded records', () => {
  recordsContract(createStorage);
});

async function createStorage(): Promise<RecordsStorage> {
  const dataDir = await mkdtemp(join(tmpdir(), 'chorus-records-'));
  const thread = await SqliteThread.open(dataDir);
  const clock = new RealClock();
  return {
    open: async () => new EmbeddedRecords(thread, clock),
    openUnreachable: async () => {
      const gone = await SqliteThread.open(join(dataDir, 'gone'));
      await gone.kill();
      return new EmbeddedRecords(gone, clock);
    },
    destroy: async () => {
      await thread.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
