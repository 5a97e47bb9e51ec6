import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importInto } from '../../../deploy/demo/demo-world.ts';
import { untilReady } from '../../../deploy/demo/until-ready.ts';
import { ChorusError } from '../../../services/domain/errors.ts';
import { RealClock } from '../../../services/platform/clock/real-clock.ts';
import { type ChorusProcess, type ChorusSettings, startChorus } from '../../servers/chorus.ts';
import { kafka } from '../../servers/kafka.ts';
import { postgres } from '../../servers/postgres.ts';
import { redis } from '../../servers/redis.ts';
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
const kinds = [kafka, postgres, redis];
// Costs are measured here and not deadlines: a pause of the machine must not make poorer answers.
const patience = { DEFAULT_DEADLINE_MS: '10000', COLLECT_MS: '5000' };
const importAttempts = 5;

/** What this machine lacks for a distributed Chorus, in words. */
export function whyNotDistributed(): string | undefined {
  const missing = kinds.flatMap((kind) => kind.whyMissing() ?? []);
  return missing.length === 0 ? undefined : missing.join('; ');
}

/** Every role in one process, event log and records in SQLite, cache in memory. */
export async function startEmbedded(world: BenchWorld): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'chorus-bench-'));
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const environment = { DATA_DIR: join(folder, 'data'), MODELS_DIR: world.modelsDir, ...patience };
  try {
    // One process owns the data folder: it is filled before the server takes it.
    await importInto(environment, world.interactions);
    const { chorus, member } = await startMember('Chorus', environment);
    await untilReady(chorus.http, clock);
    const stop = async (): Promise<void> => {
      await chorus.process.stop();
      await removeFolder();
    };
    return { grpc: chorus.grpc, http: chorus.http, members: [member], stop };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

/** Gateway, aggregator and workers as processes of their own on a real Kafka, PostgreSQL and Redis. */
export async function startDistributed(
  world: BenchWorld,
  { aggregatesInGateway, workers }: Shape,
): Promise<Subject> {
  const toStop: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    // Who asks leaves before who answers, the servers last.
    for (const each of toStop.splice(0).toReversed()) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await each.stop();
    }
  };
  try {
    const servers = await Promise.all(kinds.map((kind) => kind.start()));
    toStop.push(...servers);
    const [KAFKA_BROKERS = '', DATABASE_URL = '', REDIS_URL = ''] = servers.map(
      ({ address }) => address,
    );
    const { modelsDir: MODELS_DIR, interactions } = world;
    const environment = { MODELS_DIR, KAFKA_BROKERS, DATABASE_URL, REDIS_URL, ...patience };
    await importAtLast(() => importInto(environment, interactions));
    const start = async (name: string, own: ChorusSettings): Promise<Started> => {
      const started = await startMember(name, { ...environment, ...own });
      toStop.push(started.chorus.process);
      return started;
    };
    const front = await startFront(start, aggregatesInGateway);
    const crew: Started[] = [];
    for (let slot = 0; slot < workers; slot += 1) {
      const own = { ROLES: 'worker', AGGREGATOR: front.internal, WORKER_SLOT: `${slot}` };
      // oxlint-disable-next-line no-await-in-loop -- one after the other, on few cores
      crew.push(await start(workers === 1 ? 'worker' : `worker ${slot}`, own));
    }
    const { http, grpc } = front.gateway.chorus;
    await untilReady(http, clock);
    const serverMembers = kinds.map(({ name }, index): Member => {
      return { name: name.replace('Apache ', ''), pid: servers[index]?.pid ?? 0 };
    });
    const others = [...front.others, ...crew].map(({ member }) => member);
    return { grpc, http, members: [front.gateway.member, ...others, ...serverMembers], stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Started {
  readonly chorus: ChorusProcess;
  readonly member: Member;
}

interface Front {
  readonly gateway: Started;
  readonly others: readonly Started[];
  /** `host:port` that workers dial. */
  readonly internal: string;
}

async function startFront(
  start: (name: string, own: ChorusSettings) => Promise<Started>,
  aggregatesInGateway: boolean,
): Promise<Front> {
  if (aggregatesInGateway) {
    const gateway = await start('gateway + aggregator', { ROLES: 'gateway,aggregator' });
    return { gateway, others: [], internal: gateway.chorus.internal };
  }
  const aggregator = await start('aggregator', { ROLES: 'aggregator' });
  const { internal } = aggregator.chorus;
  const gateway = await start('gateway', { ROLES: 'gateway', AGGREGATOR: internal });
  return { gateway, others: [aggregator], internal };
}

async function startMember(name: string, settings: ChorusSettings): Promise<Started> {
  const probe = await Probe.make();
  const chorus = await startChorus({ ...settings, ...probe.settings });
  const { process, operations } = chorus;
  return { chorus, member: { name, pid: process.pid, operations, probe } };
}

/** A call to the cache has 50 ms, which may not be enough where many servers have just started. */
async function importAtLast(importUsers: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- once more, with the same result
      await importUsers();
      return;
    } catch (error) {
      if (!ChorusError.from(error).retryable || attempt === importAttempts) throw error;
    }
  }
}
