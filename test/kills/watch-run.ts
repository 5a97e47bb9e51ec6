import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { machineUs } from '../bench/ports/machine-clock.ts';
import type { KillCluster } from './kill-cluster.ts';
import { type Asked, Load } from './load.ts';
import type { Scenario } from './scenarios.ts';

/** How a run is watched. */
export interface WatchSettings {
  /** Requests per second. */
  readonly rate: number;
  /** Seconds from the first request that counts to the last one. */
  readonly seconds: number;
  /** How long the thing lasts, in ms; as the scenario says unless told. */
  readonly downMs?: number;
  /** Shortest load before anything counts, in ms; 0 unless told. */
  readonly warmUpMs?: number;
}

/** What was seen in one run; times in µs of the machine's monotonic clock. */
export interface Watched {
  /** In the order in which they ended. */
  readonly asked: readonly Asked[];
  /** The kill, or the stop. */
  readonly hurtUs: number;
  /** Whoever was hurt says that it serves again, or goes on. */
  readonly backUs: number;
  /** Tasks sent again meanwhile; 0 when the aggregator itself was the victim. */
  readonly redispatches: number;
  /** The longest that the load itself was held up, in ms: what its times may be wrong by. */
  readonly longestStallMs: number;
}

/** Each request's time from sending to its answer or typed error, in ms. */
export const budgetMs = 500;

/** A run begins after seconds of full answers only; if they do not come by then, so be it. */
const longestWarmUpMs = 30_000;
const pollMs = 200;
/** Looks in a row at the last second that must find nothing but full answers. */
const calmLooks = 10;
const longestQuietMs = 10_000;
const shortestAfterMs = 4_000;
const clock = new RealClock();

/** Asks a whole cluster at a constant rate, lets the scenario happen, and watches until the end. */
export async function watchRun(
  cluster: KillCluster,
  scenario: Scenario,
  { rate, seconds, downMs = scenario.downMs, warmUpMs = 0 }: WatchSettings,
): Promise<Watched> {
  await cluster.beWhole();
  const load = new Load();
  try {
    const { gateway, users } = cluster;
    await load.begin({ gateway: gateway.grpc, users, rate, budgetMs });
    await clock.sleep(warmUpMs);
    await untilFull(load, rate);
    const startUs = machineUs();
    await clock.sleep(Math.min(longestQuietMs, (seconds * 1000) / 5));
    const before = await cluster.redispatches();
    const hurtUs = machineUs();
    await scenario.hurt(cluster);
    await clock.sleep(downMs);
    await scenario.heal(cluster);
    const backUs = machineUs();
    const leftMs = seconds * 1000 - (backUs - startUs) / 1000;
    await clock.sleep(Math.max(shortestAfterMs, leftMs));
    const { asked, longestStallMs } = await load.end();
    return {
      asked: asked.filter(({ dueUs }) => dueUs >= startUs),
      hurtUs,
      backUs,
      redispatches: Math.max(0, (await cluster.redispatches()) - before),
      longestStallMs,
    };
  } finally {
    await load.close();
  }
}

/** Code that runs for the first time is slow: it must not be taken for what a kill did. */
async function untilFull(load: Load, rate: number): Promise<void> {
  const giveUpUs = machineUs() + longestWarmUpMs * 1000;
  const enough = 0.9 * rate;
  for (let calm = 0; calm < calmLooks;) {
    // oxlint-disable-next-line no-await-in-loop -- the pause is the point
    await clock.sleep(pollMs);
    // oxlint-disable-next-line no-await-in-loop -- a poll
    const { ok = 0, ...others } = await load.lastSecond();
    calm = ok >= enough && Object.keys(others).length === 0 ? calm + 1 : 0;
    if (machineUs() > giveUpUs) return;
  }
}
