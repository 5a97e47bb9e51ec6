import { ChorusError } from '../domain/errors.ts';
import { EmbeddedCache } from './cache/embedded-cache.ts';
import type { Cache } from './cache/cache.ts';
import { RedisCache } from './cache/redis-cache.ts';
import type { Clock } from './clock/clock.ts';
import { RealClock } from './clock/real-clock.ts';
import { EmbeddedEventLog } from './event-log/embedded-event-log.ts';
import type { EventLog } from './event-log/event-log.ts';
import { KafkaEventLog } from './event-log/kafka-event-log.ts';
import { openModelRunner } from './open-model-runner.ts';
import { openLines } from './open-lines.ts';
import type { Platform } from './platform.ts';
import type { Random } from './random/random.ts';
import { RealRandom } from './random/real-random.ts';
import { EmbeddedRecords } from './records/embedded-records.ts';
import { PostgresRecords } from './records/postgres-records.ts';
import type { Records } from './records/records.ts';
import type { Settings } from './settings.ts';
import { SqliteThread } from './sqlite/sqlite-thread.ts';
import { logger } from './telemetry/logger.ts';

/** Tasks of the same few milliseconds share one request to Kafka, one fetch and one batch. */
const lingerMs = 5;

interface Closable {
  close(): Promise<void>;
}

interface Tools {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/**
 * Opens every port of a process with the adapter that the settings choose; besides tests the one
 * place that knows the adapters by name. Waits, by name, for each server that does not answer yet.
 * @throws ChorusError `bad_setting`, `data_dir_in_use`; `cancelled` by the signal. What was opened
 *   until then is closed.
 */
export async function openPlatform(settings: Settings, signal: AbortSignal): Promise<Platform> {
  const clock = new RealClock();
  const random = new RealRandom();
  const failed = new AbortController();
  const tools = { settings, clock, random, signal: AbortSignal.any([signal, failed.signal]) };
  const storage = await openStorage(settings);
  const opened: Closable[] = storage === undefined ? [] : [storage];
  // All at once, so that each missing server is named at once; the first that can never come
  // ends the waiting for the others.
  const openings = [
    openLog(tools, storage),
    openRecords(tools, storage),
    openCache(tools),
  ] as const;
  for (const opening of openings) opening.catch((error: unknown) => failed.abort(error));
  for (const opening of await Promise.allSettled(openings)) {
    if (opening.status === 'fulfilled') opened.push(opening.value);
  }
  if (failed.signal.aborted) {
    await closeAll(opened);
    throw ChorusError.from(failed.signal.reason);
  }
  const [log, records, cache] = await Promise.all(openings);
  const modelRunner = openModelRunner(clock);
  const workerId = random.id();
  const lines = openLines(settings, workerId, clock, random);
  opened.push(modelRunner, lines);
  const { aggregatorLine, workerLine, answerDesks, answerLine } = lines;
  const parts = { settings, workerId, clock, random, log, records, cache, modelRunner };
  return {
    ...parts,
    aggregatorLine,
    workerLine,
    answerDesks,
    answerLine,
    addresses: () => {
      const port = lines.internalPort();
      return port === undefined ? [] : [`internal ${settings.bind}:${port}`];
    },
    close: () => closeAll(opened),
  };
}

/** One storage thread for everything embedded: it holds the lock on `DATA_DIR`. */
async function openStorage(settings: Settings): Promise<SqliteThread | undefined> {
  const { kafkaBrokers, databaseUrl, dataDir } = settings;
  const isNeeded = kafkaBrokers.length === 0 || databaseUrl === undefined;
  return isNeeded ? await SqliteThread.open(dataDir) : undefined;
}

async function openLog(tools: Tools, storage: SqliteThread | undefined): Promise<EventLog> {
  const { settings, clock, random, signal } = tools;
  const { kafkaBrokers: brokers } = settings;
  if (brokers.length === 0) return new EmbeddedEventLog(required(storage), clock);
  const onWaiting = reminder(clock);
  return KafkaEventLog.connect({ brokers, clock, random, lingerMs, signal, onWaiting });
}

async function openRecords(tools: Tools, storage: SqliteThread | undefined): Promise<Records> {
  const { settings, clock, signal } = tools;
  const { databaseUrl: url } = settings;
  if (url === undefined) return new EmbeddedRecords(required(storage), clock);
  return PostgresRecords.connect({ url, clock, signal });
}

async function openCache({ settings, clock, random, signal }: Tools): Promise<Cache> {
  const { redisUrl: url } = settings;
  if (url === undefined) return new EmbeddedCache({ clock, random });
  return RedisCache.connect({ url, clock, random, signal });
}

/** The newest first, each after what relies on it; one that fails to close keeps no other open. */
async function closeAll(opened: Closable[]): Promise<void> {
  const failures: unknown[] = [];
  for (const part of opened.toReversed()) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
    await part.close().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw ChorusError.from(failures[0]);
}

/** Says at once what is waited for, then every 10 s. */
function reminder(clock: Clock): (message: string) => void {
  let nextUs = 0;
  return (message) => {
    if (clock.monotonicUs() < nextUs) return;
    logger.warn({ event: 'server.waiting' }, message);
    nextUs = clock.monotonicUs() + 10_000_000;
  };
}

function required(storage: SqliteThread | undefined): SqliteThread {
  if (storage !== undefined) return storage;
  throw new ChorusError('internal', 'an embedded adapter was chosen without its storage thread');
}
