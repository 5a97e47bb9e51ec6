import { Asker } from '../../deploy/demo/ask.ts';
import { importInto } from '../../deploy/demo/demo-world.ts';
import { ChorusError } from '../../services/domain/errors.ts';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import type { Interactions } from '../../services/training/data/interactions.ts';
import { type ChorusProcess, type ChorusSettings, startChorus } from '../servers/chorus.ts';
import { freePort } from '../servers/free-port.ts';
import { kafka } from '../servers/kafka.ts';
import { postgres } from '../servers/postgres.ts';
import { redis } from '../servers/redis.ts';
import type { RunningServer } from '../servers/server-kind.ts';

/** What a cluster serves. */
export interface KillClusterSettings {
  readonly modelsDir: string;
  /** Its users are imported. */
  readonly world: Interactions;
}

const kinds = [kafka, postgres, redis];
const wholeWithinMs = 60_000;
const pollMs = 50;
const importAttempts = 5;
const clock = new RealClock();

/**
 * Chorus as it stands in production, on one machine: gateway, aggregator and two workers, slots 0
 * and 1, with all experts each, as processes of their own on a real Kafka, PostgreSQL and Redis.
 * What is killed comes back on the same ports.
 */
export class KillCluster {
  readonly gateway: ChorusProcess;
  readonly aggregator: ChorusProcess;
  readonly workers: readonly [ChorusProcess, ChorusProcess];
  /** Ids of everybody who can be asked for. */
  readonly users: readonly string[];
  readonly #servers: readonly RunningServer[];

  private constructor(
    { gateway, aggregator, workers }: Processes,
    servers: readonly RunningServer[],
    users: readonly string[],
  ) {
    this.gateway = gateway;
    this.aggregator = aggregator;
    this.workers = workers;
    this.users = users;
    this.#servers = servers;
  }

  /** What this machine lacks for it, in words; undefined when it can be started. */
  static whyMissing(): string | undefined {
    const missing = kinds.flatMap((kind) => kind.whyMissing() ?? []);
    return missing.length === 0 ? undefined : missing.join('; ');
  }

  static async start({ modelsDir, world }: KillClusterSettings): Promise<KillCluster> {
    const servers = await Promise.all(kinds.map((kind) => kind.start()));
    const [brokers, database, cache] = servers;
    const environment = {
      MODELS_DIR: modelsDir,
      KAFKA_BROKERS: brokers?.address ?? '',
      DATABASE_URL: database?.address ?? '',
      REDIS_URL: cache?.address ?? '',
    };
    const started: ChorusProcess[] = [];
    try {
      await importAtLast(environment, world);
      const processes = await startProcesses(environment, started);
      return new KillCluster(processes, servers, world.users);
    } catch (error) {
      await stopAll(started, servers);
      throw error;
    }
  }

  /**
   * Starts what does not run and waits until everybody is there and answers are full.
   * @throws Error with last words when that takes more than a minute.
   */
  async beWhole(): Promise<void> {
    for (const { process } of [this.aggregator, ...this.workers]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, on few cores
      if (process.pid === 0) await process.restart();
    }
    const giveUpUs = clock.monotonicUs() + wholeWithinMs * 1000;
    const asker = new Asker(this.gateway.http, clock);
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- a poll
      if (await this.#isWhole(asker)) return;
      if (clock.monotonicUs() > giveUpUs) throw new Error(`not whole again:\n${this.lastWords}`);
      // oxlint-disable-next-line no-await-in-loop -- the pause is the point
      await clock.sleep(pollMs);
    }
  }

  /** Tasks that the aggregator sent a second time since it started, because their worker broke. */
  redispatches(): Promise<number> {
    return this.#metric('moe_redispatches_total');
  }

  /** What it stands on, for tests that take it away. */
  get servers(): Readonly<Record<'kafka' | 'postgres' | 'redis', RunningServer>> {
    const [first, second, third] = this.#servers;
    if (first === undefined || second === undefined || third === undefined) {
      throw new Error('a cluster has three servers');
    }
    return { kafka: first, postgres: second, redis: third };
  }

  /** What its processes said last. */
  get lastWords(): string {
    return [this.gateway, this.aggregator, ...this.workers]
      .map(({ process }) => process.lastWords)
      .join('\n');
  }

  async stop(): Promise<void> {
    await stopAll([this.gateway, ...this.workers, this.aggregator], this.#servers);
  }

  async #isWhole(asker: Asker): Promise<boolean> {
    try {
      const present = await this.#metric('moe_workers_present');
      if (present !== this.workers.length) return false;
      const { degraded } = await asker.ask({ user_id: this.users[0] ?? '', top_n: 1 });
      return !degraded;
    } catch {
      // Refused or unavailable: not yet.
      return false;
    }
  }

  async #metric(name: string): Promise<number> {
    const response = await fetch(`${this.aggregator.operations}/metrics`);
    const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(await response.text())?.[1];
    if (value === undefined) throw new Error(`the aggregator has no metric ${name}`);
    return Number(value);
  }
}

interface Processes {
  readonly gateway: ChorusProcess;
  readonly aggregator: ChorusProcess;
  readonly workers: readonly [ChorusProcess, ChorusProcess];
}

/** @param started gathers them, so that a failure leaves none behind. */
async function startProcesses(
  environment: ChorusSettings,
  started: ChorusProcess[],
): Promise<Processes> {
  const start = async (own: ChorusSettings): Promise<ChorusProcess> => {
    const operations = await freePort();
    const chorus = await startChorus({
      ...environment,
      // A port that is chosen anew at each start would hide a process that came back.
      OPERATIONS_PORT: `${operations}`,
      ...own,
    });
    started.push(chorus);
    return chorus;
  };
  const internal = await freePort();
  const aggregator = await start({ ROLES: 'aggregator', INTERNAL_PORT: `${internal}` });
  const AGGREGATOR = aggregator.internal;
  const gateway = await start({ ROLES: 'gateway', AGGREGATOR });
  const workers = [
    await start({ ROLES: 'worker', AGGREGATOR, WORKER_SLOT: '0' }),
    await start({ ROLES: 'worker', AGGREGATOR, WORKER_SLOT: '1' }),
  ] as const;
  return { gateway, aggregator, workers };
}

/** A call to the cache has 50 ms, which may not be enough where many servers have just started. */
async function importAtLast(environment: ChorusSettings, world: Interactions): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- once more, with the same result
      await importInto(environment, world);
      return;
    } catch (error) {
      if (!ChorusError.from(error).retryable || attempt === importAttempts) throw error;
    }
  }
}

/** Who asks leaves before who answers, the servers last. */
async function stopAll(
  processes: readonly ChorusProcess[],
  servers: readonly RunningServer[],
): Promise<void> {
  await Promise.all(processes.map(({ process }) => process.stop()));
  await Promise.all(servers.map((server) => server.stop()));
}
