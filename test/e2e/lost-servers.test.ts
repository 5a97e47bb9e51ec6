import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { KillCluster } from '../kills/kill-cluster.ts';
import type { RunningServer } from '../servers/server-kind.ts';
import { smallWorld } from './small-bundle.ts';
import { SteadyCallers, type Tally } from './steady-callers.ts';

const clock = new RealClock();
const quietMs = 1_500;
const downMs = 4_000;
const recoverWithinMs = 30_000;
const allowed = ['ok', 'degraded', '503 unavailable', '504 deadline_exceeded'];
const missing = KillCluster.whyMissing();
let cluster: KillCluster;

/** How a server is lost, and how it comes back. */
const losses = {
  killed: {
    lose: (server: RunningServer) => server.kill(),
    bringBack: (server: RunningServer) => server.restart(),
  },
  // Nothing closes and nothing answers: as when a network swallows packets.
  silent: {
    lose: (server: RunningServer) => Promise.resolve(server.pause()),
    bringBack: (server: RunningServer) => Promise.resolve(server.resume()),
  },
} as const;

type Loss = keyof typeof losses;
const everyLoss = Object.keys(losses).filter((loss): loss is Loss => loss in losses);

describe.skipIf(missing !== undefined)(
  `a server is lost while requests run${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  { timeout: 240_000 },
  () => {
    beforeAll(async () => {
      cluster = await KillCluster.start({ modelsDir: inject('modelsDir'), world: smallWorld() });
    });

    afterAll(() => cluster?.stop());

    test.each(everyLoss)('Kafka %s: base answers, degraded', async (loss) => {
      const during = await whileLost('kafka', loss, cluster.users);
      expect(unavailableIn(during)).toBe(0);
      expect(during['degraded']).toBeGreaterThan(0);
    });

    test.each(everyLoss)(
      'PostgreSQL %s: full answers to those whom the cache knows',
      async (loss) => {
        const during = await whileLost('postgres', loss, cluster.users.slice(0, 20));
        expect(unavailableIn(during)).toBe(0);
        expect(during['ok']).toBeGreaterThan(0);
      },
    );

    test.each(everyLoss)('PostgreSQL %s: typed errors to everybody else', async (loss) => {
      // Asked for once each: nobody's state is in any cache.
      const strangers = Array.from({ length: 5000 }, (_, index) => `stranger-${loss}-${index}`);
      const during = await whileLost('postgres', loss, strangers);
      const expected = loss === 'killed' ? '503 unavailable' : '504 deadline_exceeded';
      expect(during[expected]).toBeGreaterThan(0);
    });

    test('PostgreSQL silent: users and items end with their budget', async () => {
      await cluster.beWhole();
      const { postgres } = cluster.servers;
      const headers = { 'x-request-timeout-ms': '100' };
      const item = {
        method: 'PUT',
        headers: { ...headers, 'content-type': 'application/json' },
        body: '{"title":"New"}',
      };
      postgres.pause();
      try {
        const replies = await Promise.all([
          fetch(`${cluster.gateway.http}/v1/users/u`, { headers }),
          fetch(`${cluster.gateway.http}/v1/users/u`, { method: 'DELETE', headers }),
          fetch(`${cluster.gateway.http}/v1/items/i`, item),
          fetch(`${cluster.gateway.http}/v1/items/i`, { method: 'DELETE', headers }),
        ]);
        for (const reply of replies) {
          expect(reply.status).toBe(504);
          // oxlint-disable-next-line no-await-in-loop -- it is here already
          expect(await reply.json()).toMatchObject({
            error: { code: 'deadline_exceeded', message: 'no answer within 100 ms' },
          });
        }
      } finally {
        postgres.resume();
      }
    });

    test.each(everyLoss)('Redis %s: answers from the records', async (loss) => {
      const during = await whileLost('redis', loss, cluster.users);
      expect(unavailableIn(during)).toBe(0);
      // A silent one costs each read its 50 ms, which are then missing to the experts.
      expect((during['ok'] ?? 0) + (during['degraded'] ?? 0)).toBeGreaterThan(0);
    });
  },
);

/**
 * Asks all the time, loses a server for some seconds, and waits for full answers again. Whatever
 * happened, every request ended in an answer or in a typed error after which a retry may help, and
 * by the gateway's own clock within its budget and 50 ms.
 * @returns the outcomes while the server was away.
 */
async function whileLost(
  name: keyof KillCluster['servers'],
  loss: Loss,
  users: readonly string[],
): Promise<Tally> {
  const server = cluster.servers[name];
  await cluster.beWhole();
  const callers = await SteadyCallers.begin(cluster.gateway, users);
  let during: Tally = {};
  try {
    await clock.sleep(quietMs);
    callers.newTally();
    await losses[loss].lose(server);
    await clock.sleep(downMs);
    during = callers.newTally();
  } finally {
    await losses[loss].bringBack(server);
  }
  await callers.fullAgain(recoverWithinMs);
  const { outcomes, requests, inTime } = await callers.end();
  expect(allowed).toEqual(expect.arrayContaining([...outcomes]));
  expect(inTime, `in time, of ${requests} requests`).toBe(requests);
  return during;
}

function unavailableIn(tally: Tally): number {
  return tally['503 unavailable'] ?? 0;
}
