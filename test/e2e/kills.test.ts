import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { KillCluster } from '../kills/kill-cluster.ts';
import { figuresBySecond, type RunFigures, runFigures } from '../kills/run-figures.ts';
import { type Scenario, scenarios } from '../kills/scenarios.ts';
import { type Watched, watchRun } from '../kills/watch-run.ts';
import { smallWorld } from './small-bundle.ts';

// One short run of each scenario, at a rate that any machine stands: what is promised, and nothing
// about how fast. `npm run kills` is the whole: ten runs each, 500 requests/s, with figures.
const short = { rate: 50, seconds: 10 };
/** Long enough to be found out: keep-alive needs up to 4 s for a process that is stopped. */
const shortStopMs = 6_000;
/** In capitals: gRPC's own word, where the server's timer was faster than our code. */
const retryable = new Set(['unavailable', 'deadline_exceeded', 'DEADLINE_EXCEEDED']);
/** From a worker's return to full answers. */
const workerReturnMs = 2_000;

/** At this rate a worker has often nothing in hand: stopped for a moment before, it surely has. */
const killedAtWork: Scenario = {
  ...scenarios.worker,
  hurt: async ({ workers: [, victim] }) => {
    victim.process.pause();
    await clock.sleep(50);
    await victim.process.kill();
  },
};

const clock = new RealClock();
const missing = KillCluster.whyMissing();
let cluster: KillCluster;

describe.skipIf(missing !== undefined)(
  `what callers see of a kill${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    beforeAll(async () => {
      cluster = await KillCluster.start({ modelsDir: inject('modelsDir'), world: smallWorld() });
    });

    afterAll(() => cluster?.stop());

    test('a worker killed: no error, no late answer, its open tasks run elsewhere', async () => {
      const figures = expectInTime(await watchRun(cluster, killedAtWork, short));
      expect(figures.errors).toEqual({});
      expect(figures.redispatches).toBeGreaterThan(0);
      expect(figures.fullAgainMs).toBeLessThan(Infinity);
    });

    test('the aggregator killed: typed errors in time, then answers again', async () => {
      const figures = expectInTime(await watchRun(cluster, scenarios.aggregator, short));
      expectTyped(figures);
      expect(figures.fullAgainMs).toBeLessThan(Infinity);
    });

    test('a worker stopped: degraded answers or typed errors in time, then full ones', async () => {
      const settings = { ...short, downMs: shortStopMs };
      const figures = expectInTime(await watchRun(cluster, scenarios.stop, settings));
      expectTyped(figures);
      expect(figures.fullAgainMs).toBeLessThan(Infinity);
    });

    test('every worker killed: base answers, degraded; full ones when one returns', async () => {
      const watched = await watchRun(cluster, scenarios['all-workers'], short);
      const figures = expectInTime(watched);
      expect(figures.errors).toEqual({});
      const seconds = figuresBySecond(watched);
      // The second after the kill's own: nobody is left, and nobody is back yet.
      expect(Object.keys(seconds.find(({ second }) => second === 1)?.outcomes ?? {})).toEqual([
        'degraded',
      ]);
      expect(figures.fullAgainMs).toBeLessThanOrEqual(workerReturnMs);
    });
  },
);

/** Every request ended in an answer or an error, none later than its budget and 50 ms. */
function expectInTime(watched: Watched): RunFigures {
  const figures = runFigures(watched);
  // What happened second by second is what a failure is understood from.
  const story = JSON.stringify([figures, figuresBySecond(watched)]);
  if (figures.late > 0) throw new Error(`${figures.late} came late: ${story}`);
  expect(figures.requests).toBeGreaterThan(0);
  return figures;
}

/** Errors that the table calls retryable: the caller knows what to do. */
function expectTyped({ errors }: RunFigures): void {
  const others = Object.keys(errors).filter((code) => !retryable.has(code));
  expect(others).toEqual([]);
}
