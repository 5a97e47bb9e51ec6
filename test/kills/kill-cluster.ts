import { Asker } from '../../deploy/demo/ask.ts';
import { Cluster, type ClusterServers } from '../../deploy/demo/cluster.ts';
import { importInto } from '../../deploy/demo/demo-world.ts';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import type { Interactions } from '../../services/training/data/interactions.ts';
import type { ChorusProcess } from '../servers/chorus.ts';

/** What a cluster serves. */
export interface KillClusterSettings {
  readonly modelsDir: string;
  /** Its users are imported. */
  readonly world: Interactions;
  /** How many; 1 unless told. */
  readonly aggregators?: number;
}

const wholeWithinMs = 60_000;
const pollMs = 50;
const clock = new RealClock();

/** A cluster whose processes may be killed, and which can be made whole again. */
export class KillCluster {
  readonly gateway: ChorusProcess;
  /** The first one. */
  readonly aggregator: ChorusProcess;
  readonly workers: readonly [ChorusProcess, ChorusProcess];
  /** Ids of everybody who can be asked for. */
  readonly users: readonly string[];
  readonly #cluster: Cluster;

  private constructor(cluster: Cluster, users: readonly string[]) {
    const [aggregator] = cluster.aggregators;
    const [first, second] = cluster.workers;
    if (aggregator === undefined || first === undefined || second === undefined) {
      throw new Error('a cluster has an aggregator and two workers');
    }
    this.gateway = cluster.gateway;
    this.aggregator = aggregator;
    this.workers = [first, second];
    this.users = users;
    this.#cluster = cluster;
  }

  /** What this machine lacks for it, in words; undefined when it can be started. */
  static whyMissing(): string | undefined {
    return Cluster.whyMissing();
  }

  static async start({ world, ...plan }: KillClusterSettings): Promise<KillCluster> {
    const fill = (settings: Readonly<Record<string, string>>) => importInto(settings, world);
    return new KillCluster(await Cluster.start({ ...plan, fill }), world.users);
  }

  /**
   * Starts what does not run and waits until everybody is there and answers are full.
   * @throws Error with last words when that takes more than a minute.
   */
  async beWhole(): Promise<void> {
    for (const { process } of this.#cluster.processes) {
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

  /** Every one of them. */
  get aggregators(): readonly ChorusProcess[] {
    return this.#cluster.aggregators;
  }

  /** What it stands on, for tests that take it away. */
  get servers(): ClusterServers {
    return this.#cluster.servers;
  }

  /** One more process on the same servers. */
  startAnother(settings: Readonly<Record<string, string>>): Promise<ChorusProcess> {
    return this.#cluster.start(settings);
  }

  /** Tasks that the aggregator sent a second time since it started, because their worker broke. */
  redispatches(): Promise<number> {
    return metricOf(this.aggregator, 'moe_redispatches_total');
  }

  /** What its processes said last. */
  get lastWords(): string {
    return this.#cluster.processes.map(({ process }) => process.lastWords).join('\n');
  }

  async stop(): Promise<void> {
    await this.#cluster.stop();
  }

  async #isWhole(asker: Asker): Promise<boolean> {
    try {
      const present = await Promise.all(
        this.aggregators.map((aggregator) => metricOf(aggregator, 'moe_workers_present')),
      );
      if (present.some((count) => count !== this.workers.length)) return false;
      const { degraded } = await asker.ask({ user_id: this.users[0] ?? '', top_n: 1 });
      return !degraded;
    } catch {
      // Refused or unavailable: not yet.
      return false;
    }
  }
}

/** A figure of a process that has no labels. */
export async function metricOf({ operations }: ChorusProcess, name: string): Promise<number> {
  const response = await fetch(`${operations}/metrics`);
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(await response.text())?.[1];
  if (value === undefined) throw new Error(`${operations} has no metric ${name}`);
  return Number(value);
}
