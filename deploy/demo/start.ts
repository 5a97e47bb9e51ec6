import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { startChorus } from '../../test/servers/chorus.ts';
import { Cluster, type Fill } from './cluster.ts';
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
export async function startDistributed(
  { modelsDir }: DemoSettings,
  fill: Fill,
): Promise<RunningDemo> {
  const cluster = await Cluster.start({ modelsDir, fill });
  try {
    const { gateway, aggregators, workers } = cluster;
    await untilReady(gateway.http, new RealClock());
    const all = [gateway, ...aggregators, ...workers].map(({ process }) => process.readyText);
    return { http: gateway.http, description: all.join('\n'), stop: () => cluster.stop() };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}
