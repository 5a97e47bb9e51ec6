import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { brokenPromises } from '../kills/broken-promises.ts';
import { KillCluster } from '../kills/kill-cluster.ts';
import type { Asked } from '../kills/load.ts';
import { figuresBySecond, runFigures } from '../kills/run-figures.ts';
import { type Scenario, type ScenarioName, scenarios } from '../kills/scenarios.ts';
import { type Watched, watchRun } from '../kills/watch-run.ts';
import { smallWorld } from './small-bundle.ts';

// One short run of each scenario, at a rate that any machine stands: what is promised, and nothing
// about how fast. `npm run kills` is the whole: ten runs each, 500 requests/s, with figures.
const short = { rate: 50, seconds: 10 };
/** Long enough to be found out: keep-alive needs up to 4 s for a process that is stopped. */
const shortStopMs = 6_000;
/** At this rate a worker has often nothing in hand; stopped for a moment before, it rarely has. */
const beforeKillMs = 100;
const killedAtWork: Scenario = {
  ...scenarios.worker,
  hurt: async ({ workers: [, victim] }) => {
    victim.process.pause();
    await clock.sleep(beforeKillMs);
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
      // The first run: every process has yet to compile what it runs.
      const watched = await watchRun(cluster, killedAtWork, { ...short, warmUpMs: 10_000 });
      expectPromisesKept('worker', watched);
      // What it held and nobody sent again would be missing from an answer.
      const isSentAgain = watched.redispatches > 0;
      expect(isSentAgain || openAtKill(watched).every(({ outcome }) => outcome === 'ok')).toBe(
        true,
      );
    });

    test('the aggregator killed: typed errors in time, then answers again', async () => {
      expectPromisesKept('aggregator', await watchRun(cluster, scenarios.aggregator, short));
    });

    test('a worker stopped: degraded answers or typed errors in time, then full ones', async () => {
      const settings = { ...short, downMs: shortStopMs };
      expectPromisesKept('stop', await watchRun(cluster, scenarios.stop, settings));
    });

    test('every worker killed: base answers, degraded; full ones when one returns', async () => {
      const watched = await watchRun(cluster, scenarios['all-workers'], short);
      expectPromisesKept('all-workers', watched);
      // The second after the kill's own: nobody is left, and nobody is back yet.
      const between = figuresBySecond(watched).find(({ second }) => second === 1);
      expect(Object.keys(between?.outcomes ?? {})).toEqual(['degraded']);
    });
  },
);

function expectPromisesKept(scenario: ScenarioName, watched: Watched): void {
  const figures = runFigures(watched);
  const broken = brokenPromises(scenario, figures);
  // What happened second by second is what a failure is understood from.
  const story = broken.length === 0 ? '' : JSON.stringify([figures, figuresBySecond(watched)]);
  expect({ broken, story }).toEqual({ broken: [], story: '' });
  expect(figures.requests).toBeGreaterThan(0);
}

/** Requests that were open while the victim was stopped, before it was killed. */
function openAtKill({ asked, hurtUs }: Watched): readonly Asked[] {
  const killedUs = hurtUs + beforeKillMs * 1000;
  return asked.filter(({ sentUs, endedUs }) => sentUs < killedUs && endedUs > hurtUs);
}
