import { quantile } from '../bench/ports/statistics.ts';
import { type Asked, type Tally, tally } from './load.ts';
import { budgetMs, type Watched } from './watch-run.ts';

/** What a run came to. Latencies in ms, from the moment at which each request was due. */
export interface RunFigures {
  readonly requests: number;
  /** Full answers. */
  readonly ok: number;
  readonly degraded: number;
  /** How many by code. */
  readonly errors: Tally;
  /** Those of `errors` that no request open between the kill and 2 s after the return had. */
  readonly errorsElsewhere: Tally;
  /** Requests that ended later than their budget and the slack. */
  readonly late: number;
  /** The longest time from sending to the end, without what the load itself was held up. */
  readonly longestMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the requests due in the second after the kill. */
  readonly killP99Ms: number;
  /** Of those due in the second after the return. */
  readonly returnP99Ms: number;
  /** From the return to the first full answer to a request that was due after it. */
  readonly fullAgainMs: number;
  /** Requests due later than 2 s after the return. */
  readonly later: number;
  /** Those of them that got no full answer. */
  readonly notFullLater: number;
  readonly redispatches: number;
  readonly longestStallMs: number;
}

/**
 * What gRPC's client, its event loop and the sockets may add to a budget that the server has kept:
 * the promise is "deadline + 50 ms", as the caller's clock sees it.
 */
export const slackMs = 50;

/** Who comes back has this time to be of use again, in µs. */
const settledUs = 2e6;

/** A run's figures. */
export function runFigures(watched: Watched): RunFigures {
  const { asked, hurtUs, backUs, redispatches, longestStallMs } = watched;
  const count = (outcome: string): number =>
    asked.filter((request) => request.outcome === outcome).length;
  const fullAfter = dueFrom(asked, backUs).filter(({ outcome }) => outcome === 'ok');
  const later = dueFrom(asked, backUs + settledUs);
  // One that was due before the kill was struck by it when it had no answer yet.
  const elsewhere = asked.filter(
    ({ dueUs, endedUs }) => endedUs < hurtUs || dueUs >= backUs + settledUs,
  );
  const firstFullUs = Math.min(...fullAfter.map(({ endedUs }) => endedUs));
  return {
    requests: asked.length,
    ok: count('ok'),
    degraded: count('degraded'),
    errors: errorsIn(asked),
    errorsElsewhere: errorsIn(elsewhere),
    late: asked.filter(isLate).length,
    longestMs: asked.reduce((most, request) => Math.max(most, tookMs(request)), 0),
    p50Ms: latency(asked, 0.5),
    p99Ms: latency(asked, 0.99),
    killP99Ms: latency(secondFrom(asked, hurtUs), 0.99),
    returnP99Ms: latency(secondFrom(asked, backUs), 0.99),
    fullAgainMs: (firstFullUs - backUs) / 1000,
    later: later.length,
    notFullLater: later.filter(({ outcome }) => outcome !== 'ok').length,
    redispatches,
    longestStallMs,
  };
}

/** One second of a run. */
export interface SecondFigures {
  /** Seconds from the kill to its begin; negative before. */
  readonly second: number;
  readonly requests: number;
  /** How many by outcome. */
  readonly outcomes: Tally;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

/** The run second by second, by when requests were due. */
export function figuresBySecond({ asked, hurtUs }: Watched): readonly SecondFigures[] {
  const bySecond = Map.groupBy(asked, ({ dueUs }) => Math.floor((dueUs - hurtUs) / 1e6));
  return [...bySecond.keys()]
    .toSorted((left, right) => left - right)
    .map((second) => {
      const requests = bySecond.get(second) ?? [];
      return {
        second,
        requests: requests.length,
        outcomes: tally(requests),
        p50Ms: latency(requests, 0.5),
        p99Ms: latency(requests, 0.99),
        longestMs: latency(requests, 1),
      };
    });
}

/** Requests that were due at this moment or later. */
export function dueFrom(asked: readonly Asked[], fromUs: number): readonly Asked[] {
  return asked.filter(({ dueUs }) => dueUs >= fromUs);
}

function secondFrom(asked: readonly Asked[], fromUs: number): readonly Asked[] {
  return dueFrom(asked, fromUs).filter(({ dueUs }) => dueUs < fromUs + 1e6);
}

function isLate(request: Asked): boolean {
  return tookMs(request) > budgetMs + slackMs;
}

/** At least, from sending to the end. */
function tookMs({ sentUs, endedUs, unseenUs }: Asked): number {
  return (endedUs - unseenUs - sentUs) / 1000;
}

function latency(asked: readonly Asked[], q: number): number {
  return quantile(
    asked.map(({ dueUs, endedUs }) => (endedUs - dueUs) / 1000),
    q,
  );
}

function errorsIn(asked: readonly Asked[]): Tally {
  return tally(asked.filter(({ outcome }) => outcome !== 'ok' && outcome !== 'degraded'));
}
