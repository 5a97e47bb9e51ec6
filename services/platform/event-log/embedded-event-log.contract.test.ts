import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { RealClock } from '../clock/real-clock.ts';
import { SqliteThread } from '../sqlite/sqlite-thread.ts';
import { EmbeddedEventLog } from './embedded-event-log.ts';
import { eventLogContract } from './event-log.contract.ts';
import type { EventLogStorage } from './log-under-test.contract.ts';

describe('embedded event log', () => {
  eventLogContract(createStorage, { patienceMs: 10_000, expiryMs: 300, compactsSoon: true });
});

async function createStorage(): Promise<EventLogStorage> {
  const dataDir = await mkdtemp(join(tmpdir(), 'chorus-log-'));
  let thread = await SqliteThread.open(dataDir);
  const open = async () => new EmbeddedEventLog(thread, new RealClock(), { sweepMs: 50 });
  return {
    open,
    restart: async (log) => {
      await log.close();
      await thread.close();
      thread = await SqliteThread.open(dataDir);
      return open();
    },
    // The handlers of the old log hang for ever, as those of a dead process do.
    crash: async () => {
      await thread.kill();
      thread = await SqliteThread.open(dataDir);
      return open();
    },
    destroy: async () => {
      await thread.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
