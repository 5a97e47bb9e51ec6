import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from '../../../deploy/demo/cluster.ts';
import { importInto } from '../../../deploy/demo/demo-world.ts';
import { untilReady } from '../../../deploy/demo/until-ready.ts';
import { RealClock } from '../../../services/platform/clock/real-clock.ts';
import { type ChorusProcess, startChorus } from '../../servers/chorus.ts';
import { Probe } from './probe.ts';
import type { Member, Subject } from './subject.ts';
import type { BenchWorld } from './world.ts';

/** Which processes a distributed Chorus consists of. */
export interface Shape {
  /** Whether the gateway's process plays aggregator too. */
  readonly aggregatesInGateway: boolean;
  /** Worker processes, with all experts each. */
  readonly workers: number;
}

const clock = new RealClock();
// Costs are measured here and not deadlines: a pause of the machine must not make poorer answers.
const patience = { DEFAULT_DEADLINE_MS: '10000', COLLECT_MS: '5000' };

/** Every role in one process, event log and records in SQLite, cache in memory. */
export async function startEmbedded(world: BenchWorld): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'chorus-bench-'));
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const environment = { DATA_DIR: join(folder, 'data'), MODELS_DIR: world.modelsDir, ...patience };
  try {
    // One process owns the data folder: it is filled before the server takes it.
    await importInto(environment, world.interactions);
    const chorus = await startChorus({ ...environment, ...(await Probe.settings()) });
    await untilReady(chorus.http, clock);
    const stop = async (): Promise<void> => {
      await chorus.process.stop();
      await removeFolder();
    };
    return { grpc: chorus.grpc, http: chorus.http, members: [memberOf('Chorus', chorus)], stop };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

/** Gateway, aggregator and workers as processes of their own on a real Kafka, PostgreSQL and Redis. */
export async function startDistributed(
  { modelsDir, interactions }: BenchWorld,
  { aggregatesInGateway, workers }: Shape,
): Promise<Subject> {
  const cluster = await Cluster.start({
    modelsDir,
    fill: (settings) => importInto(settings, interactions),
    aggregators: aggregatesInGateway ? 0 : 1,
    workers,
    settings: async () => ({ ...patience, ...(await Probe.settings()) }),
  });
  try {
    const { gateway, aggregators, servers } = cluster;
    await untilReady(gateway.http, clock);
    const front = aggregatesInGateway ? 'gateway + aggregator' : 'gateway';
    return {
      grpc: gateway.grpc,
      http: gateway.http,
      members: [
        memberOf(front, gateway),
        ...aggregators.map((aggregator) => memberOf('aggregator', aggregator)),
        ...cluster.workers.map((worker, slot) =>
          memberOf(workers === 1 ? 'worker' : `worker ${slot}`, worker),
        ),
        { name: 'Kafka', pid: servers.kafka.pid },
        { name: 'PostgreSQL', pid: servers.postgres.pid },
        { name: 'Redis', pid: servers.redis.pid },
      ],
      stop: () => cluster.stop(),
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

function memberOf(name: string, { process, operations }: ChorusProcess): Member {
  return { name, pid: process.pid, operations, probe: Probe.of(process.pid) };
}
