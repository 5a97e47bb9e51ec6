import { publicTenant } from '../../../services/domain/tenant.ts';
import { AggregatorRole } from '../../../services/flows/aggregator-role.ts';
import { importUsers } from '../../../services/flows/import-users.ts';
import { migrations } from '../../../services/flows/migrations.ts';
import { type Answering, openAnswering } from '../../../services/flows/open-answering.ts';
import { deletedHoldMs } from '../../../services/platform/cache/cache.ts';
import { RealClock } from '../../../services/platform/clock/real-clock.ts';
import { openPlatform } from '../../../services/platform/open-platform.ts';
import { readSettings } from '../../../services/platform/settings.ts';
import { logger } from '../../../services/platform/telemetry/logger.ts';
import { recommenderMixture } from '../../../services/recommender/recommender-bundle.ts';
import type { Interactions } from '../../../services/training/data/interactions.ts';
import { UserStates } from '../../../services/user-state/user-states.ts';
import { WorkerRole } from '../../../workers/expert/worker-role.ts';
import { ownCpuUs } from '../ports/cpu.ts';
import { answerParent } from '../ports/peer.ts';
import { openFoldInAlone } from './fold-in-alone.ts';

/** What is measured on what. */
interface Order {
  readonly dataDir: string;
  readonly modelsDir: string;
  readonly interactions: Interactions;
  readonly repeats: number;
}

/** CPU of all threads, in µs for each user. */
export interface FoldInCosts {
  readonly changeUs: number;
  readonly keptUs: number;
  readonly changedUs: number;
  readonly foldInUs: number;
}

const answers = {
  measure: async (order: Order): Promise<readonly FoldInCosts[]> => {
    logger.level = 'error';
    const bench = await openBench(order);
    try {
      const costs: FoldInCosts[] = [];
      for (let repeat = 0; repeat <= order.repeats; repeat += 1) {
        // oxlint-disable-next-line no-await-in-loop -- two at once would measure each other
        const cost = await measureRound(bench);
        // The first round is the warm-up.
        if (repeat > 0) costs.push(cost);
      }
      return costs;
    } finally {
      await bench.close();
    }
  },
};

/** What this process answers. */
export type FoldInMeasurer = typeof answers;

answerParent(answers);

const clock = new RealClock();
/** A fold-in takes a hundred times as long at the width of MovieLens as at that of the bundle that ships. */
const mostUsers = 300;
const budgetMs = 10_000;
const answersInFlight = 64;
const changesInFlight = 32;
const topN = 10;

/** An embedded Chorus without its front door, in this process. */
interface FoldInBench {
  /** How many users there are. */
  readonly users: number;
  change(user: number): Promise<void>;
  /** Asks what nobody asked before. */
  answer(user: number): Promise<void>;
  foldIn(user: number): Promise<void>;
  close(): Promise<void>;
}

async function openBench({ dataDir, modelsDir, interactions }: Order): Promise<FoldInBench> {
  const settings = readSettings({
    DATA_DIR: dataDir,
    MODELS_DIR: modelsDir,
    DEFAULT_DEADLINE_MS: `${budgetMs}`,
    COLLECT_MS: `${budgetMs}`,
  });
  const { signal } = new AbortController();
  const platform = await openPlatform(settings, signal);
  await platform.records.migrate(migrations);
  const states = new UserStates(platform);
  const users = interactions.users.slice(0, mostUsers);
  await importUsers({ ...interactions, users }, states, publicTenant);
  const aggregator = new AggregatorRole(platform);
  const worker = new WorkerRole(platform, [recommenderMixture]);
  const roles = [aggregator, worker, aggregator.desks];
  for (const role of roles) {
    // oxlint-disable-next-line no-await-in-loop -- a role may rely on the one before
    await role.start(signal);
  }
  const answering = await openAnswering(platform);
  const alone = await openFoldInAlone(platform.modelRunner, modelsDir, interactions);
  const ask = asker(answering, interactions);
  return {
    users: users.length,
    change: async (user) => {
      const userId = interactions.users[user] ?? '';
      const known = await states.get(publicTenant, userId);
      await states.replace(publicTenant, [{ userId, history: known?.history ?? [] }]);
    },
    answer: ask,
    foldIn: alone.foldIn,
    close: async () => {
      await answering.close();
      await alone.close();
      for (const role of roles.toReversed()) {
        // oxlint-disable-next-line no-await-in-loop -- the other way round
        await role.stop();
      }
      await platform.close();
    },
  };
}

/** Each call leaves out another pair of items, as the requests of `RequestBodies` do. */
function asker({ answerRequest }: Answering, { users, items }: Interactions) {
  let asked = 0;
  return async (user: number): Promise<void> => {
    asked += 1;
    const apart = 1 + Math.floor(asked / items.length);
    const exclude = [asked, asked + apart].map((row) => items[row % items.length]?.id ?? '');
    const request = {
      requestId: `${asked}`,
      tenant: publicTenant,
      userId: users[user] ?? '',
      session: [],
      candidates: undefined,
      exclude,
      topN,
      includeSeen: false,
      context: {},
      explain: false,
      noCache: false,
    };
    const arrival = { budget: { arrivedUs: clock.monotonicUs(), budgetMs }, traceParent: '' };
    const patience = { isOver: false, signal: new AbortController().signal };
    const answer = await answerRequest.run(request, arrival, patience);
    if (answer.degraded || answer.cached) throw new Error('an answer was degraded or cached');
  };
}

async function measureRound(bench: FoldInBench): Promise<FoldInCosts> {
  const { users } = bench;
  // A version that was deleted is not held in the cache for a while: the last round's are by now.
  await clock.sleep(deletedHoldMs * 2);
  await costOf(users, answersInFlight, (user) => bench.answer(user));
  const keptUs = await costOf(users, answersInFlight, (user) => bench.answer(user));
  const foldInUs = await costOf(users, answersInFlight, (user) => bench.foldIn(user));
  const changeUs = await costOf(users, changesInFlight, (user) => bench.change(user));
  const changedUs = await costOf(users, answersInFlight, (user) => bench.answer(user));
  return { changeUs, keptUs, changedUs, foldInUs };
}

/** Handles every user once. @returns CPU time for each, in µs. */
async function costOf(
  users: number,
  inFlight: number,
  handle: (user: number) => Promise<void>,
): Promise<number> {
  const startUs = ownCpuUs();
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < users) {
      next += 1;
      // oxlint-disable-next-line no-await-in-loop -- a closed loop
      await handle(next - 1);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  return (ownCpuUs() - startUs) / users;
}
