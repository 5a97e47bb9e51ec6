import { afterAll, beforeAll, expect, test } from 'vitest';
import { PresenceBoard } from '../dispatch/presence-board.ts';
import type { RecommendRequest } from '../domain/recommendation.ts';
import { RealClock } from '../platform/clock/real-clock.ts';
import type { ModelRunner } from '../platform/model-runner/model-runner.ts';
import { openModelRunner } from '../platform/open-model-runner.ts';
import { RealRandom } from '../platform/random/real-random.ts';
import { metrics } from '../platform/telemetry/metrics.ts';
import { CurrentCatalogue } from '../recommender/catalogue.ts';
import { largestWholeCatalogue } from '../recommender/contest.ts';
import { Explanations } from '../recommender/explanations.ts';
import { PreparedUsers } from '../recommender/prepared-users.ts';
import { Ranking } from '../recommender/ranking.ts';
import { tinyBundle } from '../recommender/tiny-bundle.contract.ts';
import { AskExperts } from './ask-experts.ts';
import { ComputeAnswer, type OpenBundle } from './compute-answer.ts';

const clock = new RealClock();
const random = new RealRandom();
const waiting = new AbortController().signal;
const request: RecommendRequest = {
  requestId: 'r1',
  tenant: 'public',
  userId: 'u',
  session: [],
  candidates: undefined,
  exclude: [],
  topN: 2,
  includeSeen: false,
  context: {},
  explain: false,
  noCache: false,
};
let runner: ModelRunner;

beforeAll(() => {
  runner = openModelRunner(clock);
});
afterAll(() => runner.close());

/** An aggregator of nobody: the base alone answers. */
function computeAnswer(): ComputeAnswer {
  const board = new PresenceBoard(random);
  const line = {
    aggregatorId: 'a',
    open: async () => undefined,
    cancel: () => undefined,
    close: async () => undefined,
  };
  const experts = new AskExperts({ log: { publish: async () => undefined }, line, board, clock });
  const overlay = { version: 'i1', upserted: new Map(), deleted: new Set<string>() };
  const items = { overlay: async () => overlay };
  return new ComputeAnswer({ items, experts, board, clock, random, collectMs: 150 });
}

async function openTiny(itemCount: number): Promise<OpenBundle> {
  const bundle = tinyBundle(itemCount, Math.random);
  const [ranking, explanations] = await Promise.all([
    Ranking.open(runner, bundle, clock),
    Explanations.open(runner, bundle),
  ]);
  const users = new PreparedUsers({
    bundle,
    clock,
    base: { of: async () => bundle.baseBlocks.map(({ width }) => new Float32Array(width).fill(1)) },
    load: async () => ({ version: 'u1', history: [{ itemId: 'i1', weight: 1, timeMs: 0 }] }),
  });
  return { bundle, users, ranking, explanations, catalogue: new CurrentCatalogue(bundle) };
}

function answer(open: OpenBundle, asked: RecommendRequest) {
  const question = {
    request: asked,
    bundle: '',
    userVersion: 'u1',
    itemsVersion: 'i1',
    lane: 'interactive' as const,
    attempt: 0,
    budget: { arrivedUs: clock.monotonicUs(), budgetMs: 60_000 },
    traceParent: '',
  };
  return computeAnswer().run(question, open, waiting);
}

test('each answer tells where its time went, in the metrics too', async () => {
  const { timings, items } = await answer(await openTiny(9), request);
  expect(items).toHaveLength(2);
  const seconds = (us: number) => ({ count: 1, seconds: us / 1e6 });
  expect(await stages()).toEqual({
    lookup: seconds(timings.lookupUs),
    features: seconds(timings.featuresUs),
    route: seconds(timings.routeUs),
    experts: seconds(timings.expertsUs),
    rank: seconds(timings.rankUs),
  });
});

test('a catalogue too large to rank it whole asks for candidates, and ranks those', async () => {
  const open = await openTiny(largestWholeCatalogue + 1);
  await expect(answer(open, request)).rejects.toMatchObject({
    code: 'invalid_argument',
    field: 'candidates',
    message:
      'candidates: required, because the catalogue has 100001 items and is ranked whole up to 100000 only',
  });
  const { items } = await answer(open, { ...request, candidates: ['i5', 'i100000', 'i7'] });
  expect(items).toHaveLength(2);
});

/** Observations of each stage so far, and their sum. */
async function stages(): Promise<Record<string, { count: number; seconds: number }>> {
  const found: Record<string, { count: number; seconds: number }> = {};
  const { values } = await metrics.stageDuration.get();
  for (const { metricName, labels, value } of values) {
    const stage = (found[String(labels.stage)] ??= { count: 0, seconds: 0 });
    if (metricName.endsWith('_count')) stage.count = value;
    if (metricName.endsWith('_sum')) stage.seconds = value;
  }
  return found;
}
