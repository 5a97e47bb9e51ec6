import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { brokenPromises, brokenWhateverStalls } from '../kills/broken-promises.ts';
import { KillCluster } from '../kills/kill-cluster.ts';
import type { Asked } from '../kills/load.ts';
import { figuresBySecond, runFigures } from '../kills/run-figures.ts';
import { type Scenario, type ScenarioName, scenarios } from '../kills/scenarios.ts';
import { type Watched, watchRun, type WatchSettings } from '../kills/watch-run.ts';
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

/** A load that was held up for so long says more of the machine's pauses than of Chorus. */
const stallMs = 100;
const attempts = 3;

describe.skipIf(missing !== undefined)(
  `what callers see of a kill${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  { timeout: 300_000 },
  () => {
    beforeAll(async () => {
      cluster = await KillCluster.start({ modelsDir: inject('modelsDir'), world: smallWorld() });
    });

    afterAll(() => cluster?.stop());

    test('a worker killed: no error, no late answer, its open tasks run elsewhere', async () => {
      // The first run: every process has yet to compile what it runs.
      const settings = { ...short, warmUpMs: 10_000 };
      const { watched, isStalled } = await watchPromises('worker', settings, killedAtWork);
      // What it held and nobody sent again would be missing from an answer.
      const isSentAgain = watched.redispatches > 0;
      const areWhole = openAtKill(watched).every(({ outcome }) => outcome === 'ok');
      expect(isStalled || isSentAgain || areWhole).toBe(true);
    });

    test('the aggregator killed: typed errors in time, then answers again', async () => {
      await watchPromises('aggregator', short);
    });

    test('a worker stopped: degraded answers or typed errors in time, then full ones', async () => {
      await watchPromises('stop', { ...short, downMs: shortStopMs });
    });

    test('every worker killed: base answers, degraded; full ones when one returns', async () => {
      const { watched, isStalled } = await watchPromises('all-workers', short);
      // The second after the kill's own: nobody is left, and nobody is back yet.
      const between = figuresBySecond(watched).find(({ second }) => second === 1);
      const outcomes = Object.keys(between?.outcomes ?? {});
      expect(isStalled ? ['degraded'] : outcomes).toEqual(['degraded']);
    });
  },
);

/**
 * One run, which must keep its promises. While the machine itself stands still nobody can be in time:
 * a run in which the load was held up and something broke is taken again, and the third such must keep
 * what no pause excuses.
 */
async function watchPromises(
  name: ScenarioName,
  settings: WatchSettings,
  scenario: Scenario = scenarios[name],
): Promise<{ readonly watched: Watched; readonly isStalled: boolean }> {
  for (let attempt = 1; ; attempt += 1) {
    // oxlint-disable-next-line no-await-in-loop -- the next one only when this one says nothing
    const watched = await watchRun(cluster, scenario, settings);
    const figures = runFigures(watched);
    const isStalled = watched.longestStallMs > stallMs;
    const everything = brokenPromises(name, figures);
    if (everything.length > 0 && isStalled && attempt < attempts) continue;
    const broken = isStalled ? brokenWhateverStalls(figures) : everything;
    // What happened second by second is what a failure is understood from.
    const story = broken.length === 0 ? '' : JSON.stringify([figures, figuresBySecond(watched)]);
    expect({ broken, story }).toEqual({ broken: [], story: '' });
    expect(figures.requests).toBeGreaterThan(0);
    return { watched, isStalled };
  }
}

/** Requests that were open while the victim was stopped, before it was killed. */
function openAtKill({ asked, hurtUs }: Watched): readonly Asked[] {
  const killedUs = hurtUs + beforeKillMs * 1000;
  return asked.filter(({ sentUs, endedUs }) => sentUs < killedUs && endedUs > hurtUs);
}
