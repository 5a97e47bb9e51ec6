import { ChorusError } from '../../services/domain/errors.ts';
import { type ChorusProcess, type ChorusSettings, startChorus } from '../../test/servers/chorus.ts';
import { kafka } from '../../test/servers/kafka.ts';
import { postgres } from '../../test/servers/postgres.ts';
import { redis } from '../../test/servers/redis.ts';
import type { RunningServer } from '../../test/servers/server-kind.ts';

/** Fills the records that the settings name. */
export type Fill = (settings: ChorusSettings) => Promise<void>;

/** What a cluster is made of. */
export interface ClusterPlan {
  readonly modelsDir: string;
  readonly fill: Fill;
  /** How many; 1 unless told. With 0 the gateway's process aggregates. */
  readonly aggregators?: number;
  /** How many; 2 unless told. */
  readonly workers?: number;
  /** What a process is given besides, by its roles. */
  readonly settings?: (roles: string) => Promise<ChorusSettings>;
}

/** The servers that a cluster stands on. */
export type ClusterServers = Readonly<Record<'kafka' | 'postgres' | 'redis', RunningServer>>;

const kinds = { kafka, postgres, redis };
const fillAttempts = 5;

/**
 * Chorus as it stands in production, on one machine: a gateway, aggregators, and workers (slots from
 * 0) with all experts each, as processes of their own on a real Kafka, PostgreSQL and Redis.
 * A process that is started again has the same ports.
 */
export class Cluster {
  readonly servers: ClusterServers;
  /** What every process is started with. */
  readonly environment: ChorusSettings;
  readonly #plan: ClusterPlan;
  readonly #processes: ChorusProcess[] = [];
  #gateway: ChorusProcess | undefined;
  #aggregators: readonly ChorusProcess[] = [];
  #workers: readonly ChorusProcess[] = [];

  private constructor(servers: ClusterServers, plan: ClusterPlan) {
    this.servers = servers;
    this.#plan = plan;
    this.environment = {
      MODELS_DIR: plan.modelsDir,
      KAFKA_BROKERS: servers.kafka.address,
      DATABASE_URL: servers.postgres.address,
      REDIS_URL: servers.redis.address,
    };
  }

  /** What this machine lacks for it, in words; undefined when it can be started. */
  static whyMissing(): string | undefined {
    const missing = Object.values(kinds).flatMap((kind) => kind.whyMissing() ?? []);
    return missing.length === 0 ? undefined : missing.join('; ');
  }

  /**
   * Starts the servers, fills the records, then starts the processes. Workers take a moment longer
   * to be present.
   * @throws Error with the last words of what did not start; nothing is left running then.
   */
  static async start(plan: ClusterPlan): Promise<Cluster> {
    const missing = Cluster.whyMissing();
    if (missing !== undefined) throw new Error(`this machine lacks servers: ${missing}`);
    const [log, records, cache] = await Promise.all([
      kafka.start(),
      postgres.start(),
      redis.start(),
    ]);
    const cluster = new Cluster({ kafka: log, postgres: records, redis: cache }, plan);
    try {
      await fillAtLast(plan.fill, cluster.environment);
      await cluster.#startAll();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get gateway(): ChorusProcess {
    if (this.#gateway === undefined) throw new Error('the cluster has no gateway yet');
    return this.#gateway;
  }

  get aggregators(): readonly ChorusProcess[] {
    return this.#aggregators;
  }

  /** By slot. */
  get workers(): readonly ChorusProcess[] {
    return this.#workers;
  }

  /** Everything that was started, in this order. */
  get processes(): readonly ChorusProcess[] {
    return this.#processes;
  }

  /** One more process on the same servers; it ends with the cluster. */
  async start(own: ChorusSettings): Promise<ChorusProcess> {
    const given = await this.#plan.settings?.(own['ROLES'] ?? '');
    const process = await startChorus({ ...this.environment, ...given, ...own });
    this.#processes.push(process);
    return process;
  }

  /** Ends the processes, then the servers. Harmless twice. */
  async stop(): Promise<void> {
    await Promise.all(this.#processes.map(({ process }) => process.stop()));
    await Promise.all(Object.values(this.servers).map((server) => server.stop()));
  }

  async #startAll(): Promise<void> {
    const { aggregators = 1, workers = 2 } = this.#plan;
    const each = Array.from({ length: aggregators }, () => this.start({ ROLES: 'aggregator' }));
    this.#aggregators = await Promise.all(each);
    const dialled = this.#aggregators.map(({ internal }) => internal).join(',');
    const gateway = (): Promise<ChorusProcess> =>
      this.start(
        dialled === ''
          ? { ROLES: 'gateway,aggregator' }
          : { ROLES: 'gateway', AGGREGATOR: dialled },
      );
    // Workers need to know where it listens when it aggregates.
    if (dialled === '') this.#gateway = await gateway();
    const AGGREGATOR = this.#gateway?.internal ?? dialled;
    const [front, ...crew] = await Promise.all([
      this.#gateway ?? gateway(),
      ...Array.from({ length: workers }, (_, slot) =>
        this.start({ ROLES: 'worker', AGGREGATOR, WORKER_SLOT: `${slot}` }),
      ),
    ]);
    this.#gateway = front;
    this.#workers = crew;
  }
}

/** A call to the cache has 50 ms, which may not be enough where many servers have just started. */
async function fillAtLast(fill: Fill, environment: ChorusSettings): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- once more, with the same result
      await fill(environment);
      return;
    } catch (error) {
      if (!ChorusError.from(error).retryable || attempt === fillAttempts) throw error;
    }
  }
}
