import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { type ChorusProcess, startChorus } from '../../test/servers/chorus.ts';
import { kafka } from '../../test/servers/kafka.ts';
import { postgres } from '../../test/servers/postgres.ts';
import { redis } from '../../test/servers/redis.ts';
import type { DemoSettings } from './demo-world.ts';
import { untilReady } from './until-ready.ts';

/** Chorus at work, in one process or in several. */
export interface RunningDemo {
  /** Where to ask, `http://…`. */
  readonly http: string;
  /** What runs where, in words. */
  readonly description: string;
  /** Ends the processes, then the servers. */
  stop(): Promise<void>;
}

/** Fills the records that the settings name. */
export type Fill = (settings: Readonly<Record<string, string>>) => Promise<void>;

/** Everything in one process: event log and records in SQLite, cache in memory. */
export async function startEmbedded(settings: DemoSettings, fill: Fill): Promise<RunningDemo> {
  const environment = { DATA_DIR: settings.dataDir, MODELS_DIR: settings.modelsDir };
  // One process owns the data folder: it is filled before the server takes it.
  await fill(environment);
  const chorus = await startChorus(environment);
  return {
    http: chorus.http,
    description: chorus.process.readyText,
    stop: () => chorus.process.stop(),
  };
}

/** The same program as a gateway, an aggregator and two workers, slots 0 and 1, on real servers. */
export async function startDistributed(settings: DemoSettings, fill: Fill): Promise<RunningDemo> {
  const kinds = [kafka, postgres, redis];
  const missing = kinds.flatMap((kind) => kind.whyMissing() ?? []);
  if (missing.length > 0) throw new Error(`this machine lacks servers: ${missing.join('; ')}`);
  const toStop: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(toStop.splice(kinds.length).map((running) => running.stop()));
    await Promise.all(toStop.splice(0).map((server) => server.stop()));
  };
  try {
    const servers = await Promise.all(kinds.map((kind) => kind.start()));
    toStop.push(...servers);
    const [brokers, database, cache] = servers;
    const environment = {
      MODELS_DIR: settings.modelsDir,
      KAFKA_BROKERS: brokers?.address ?? '',
      DATABASE_URL: database?.address ?? '',
      REDIS_URL: cache?.address ?? '',
    };
    await fill(environment);
    const start = async (own: Readonly<Record<string, string>>): Promise<ChorusProcess> => {
      const chorus = await startChorus({ ...environment, ...own });
      toStop.push(chorus.process);
      return chorus;
    };
    const aggregator = await start({ ROLES: 'aggregator' });
    const AGGREGATOR = aggregator.internal;
    const [gateway, ...workers] = await Promise.all([
      start({ ROLES: 'gateway', AGGREGATOR }),
      ...['0', '1'].map((slot) => start({ ROLES: 'worker', AGGREGATOR, WORKER_SLOT: slot })),
    ]);
    await untilReady(gateway.http, new RealClock());
    const all = [gateway, aggregator, ...workers].map(({ process: { readyText } }) => readyText);
    return { http: gateway.http, description: all.join('\n'), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
