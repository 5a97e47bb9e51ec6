import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { RecommendReply } from '../../gateway/messages/recommend.ts';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { KillCluster, metricOf } from '../kills/kill-cluster.ts';
import type { ChorusProcess } from '../servers/chorus.ts';
import { smallWorld } from './small-bundle.ts';
import { SteadyCallers } from './steady-callers.ts';

const clock = new RealClock();
const quietMs = 1_000;
const askEveryMs = 10;
const recoverWithinMs = 20_000;
const missing = KillCluster.whyMissing();
let cluster: KillCluster;

describe.skipIf(missing !== undefined)(
  `two aggregators behind one gateway${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  { timeout: 240_000 },
  () => {
    beforeAll(async () => {
      const modelsDir = inject('modelsDir');
      cluster = await KillCluster.start({ modelsDir, world: smallWorld(), aggregators: 2 });
      await cluster.beWhole();
    });

    afterAll(() => cluster?.stop());

    test('share the requests', async () => {
      const before = await routed();
      const callers = await SteadyCallers.begin(cluster.gateway, cluster.users);
      await callers.fullAgain(recoverWithinMs);
      await clock.sleep(quietMs);
      await callers.end();
      const after = await routed();
      for (const [index, count] of after.entries()) {
        expect(count, `requests of aggregator ${index}`).toBeGreaterThan(before[index] ?? 0);
      }
    });

    test('one is killed: typed errors in time at worst, and the other one serves all', async () => {
      const callers = await SteadyCallers.begin(cluster.gateway, cluster.users);
      await callers.fullAgain(recoverWithinMs);
      await cluster.aggregator.process.kill();
      // It is not brought back: the one that is left does the whole work.
      await callers.fullAgain(recoverWithinMs);
      const { outcomes, requests, inTime } = await callers.end();
      const allowed = ['ok', 'degraded', '503 unavailable', '504 deadline_exceeded'];
      expect(allowed).toEqual(expect.arrayContaining([...outcomes]));
      expect(inTime, `in time, of ${requests} requests`).toBe(requests);
    });

    test('one leaves in good order and comes back: nobody gets an error', async () => {
      await cluster.beWhole();
      const callers = await SteadyCallers.begin(cluster.gateway, cluster.users);
      await callers.fullAgain(recoverWithinMs);
      await cluster.aggregator.process.restart();
      await callers.fullAgain(recoverWithinMs);
      const { outcomes, isStalled } = await callers.end();
      // While the machine stands still a budget may end as well.
      const allowed = ['ok', 'degraded', ...(isStalled ? ['504 deadline_exceeded'] : [])];
      expect(allowed).toEqual(expect.arrayContaining([...outcomes]));
    });

    test('an aggregator with a worker beside it leaves: every answer until then has its experts', async () => {
      const both = await cluster.startAnother({ ROLES: 'aggregator,worker', WORKER_SLOT: '2' });
      const gateway = await cluster.startAnother({ ROLES: 'gateway', AGGREGATOR: both.internal });
      await untilFull(gateway);
      const asking: Promise<RecommendReply | undefined>[] = [];
      const asked = clock.every(askEveryMs, () => asking.push(ask(gateway)));
      await expect.poll(() => asking.length).toBeGreaterThan(10);
      await both.process.stop();
      asked.cancel();
      const answers = (await Promise.all(asking)).filter((answer) => answer !== undefined);
      expect(answers.length).toBeGreaterThan(0);
      const withoutExperts = answers.filter(
        ({ experts }) => experts.length === 0 || experts.some(({ status }) => status === 'absent'),
      );
      expect(withoutExperts).toEqual([]);
    });
  },
);

/** Requests that each aggregator has routed since it started. */
async function routed(): Promise<readonly number[]> {
  return await Promise.all(
    cluster.aggregators.map((aggregator) => metricOf(aggregator, 'moe_route_experts_count')),
  );
}

async function untilFull(gateway: ChorusProcess): Promise<void> {
  const answered = async (): Promise<boolean> => (await ask(gateway))?.degraded === false;
  await expect.poll(answered, { timeout: recoverWithinMs, interval: 50 }).toBe(true);
}

/** An answer; undefined for an error, which must be one after which a retry may help. */
async function ask({ http }: ChorusProcess): Promise<RecommendReply | undefined> {
  const response = await fetch(`${http}/v1/recommend`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-timeout-ms': '2000' },
    body: JSON.stringify({ user_id: cluster.users[0], top_n: 3, no_cache: true }),
  });
  const text = await response.text();
  if (response.ok) {
    const answer: RecommendReply = JSON.parse(text);
    return answer;
  }
  expect({ text, isKnown: [503, 504].includes(response.status) }).toMatchObject({ isKnown: true });
  return undefined;
}
