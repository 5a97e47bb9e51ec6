import { expect, test } from 'vitest';
import { AnswerCache } from '../answer-cache/answer-cache.ts';
import type { Arrival } from '../domain/budget.ts';
import { ChorusError } from '../domain/errors.ts';
import type { Question } from '../domain/question.ts';
import type { Recommendation, RecommendRequest } from '../domain/recommendation.ts';
import { EmbeddedCache } from '../platform/cache/embedded-cache.ts';
import { RealClock } from '../platform/clock/real-clock.ts';
import { RealRandom } from '../platform/random/real-random.ts';
import { AnswerRequest } from './answer-request.ts';

const clock = new RealClock();
const never = { isOver: false, signal: new AbortController().signal };

const request: RecommendRequest = {
  requestId: 'r1',
  tenant: 'public',
  userId: 'u',
  session: [],
  candidates: undefined,
  exclude: [],
  topN: 1,
  includeSeen: false,
  context: {},
  explain: false,
  noCache: false,
};

const traceParent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function arrival(): Arrival {
  return { budget: { arrivedUs: clock.monotonicUs(), budgetMs: 500 }, traceParent };
}

/** A world in which the pointer says one bundle, and the aggregator holds another or the same. */
class World {
  live = 'recommender/v1';
  held = 'recommender/v1';
  degraded = false;
  readonly asked: Question[] = [];
  readonly exposed: Recommendation[] = [];
  readonly answerRequest = new AnswerRequest({
    liveBundle: () => this.live,
    users: { version: () => Promise.resolve('u1') },
    items: { version: () => Promise.resolve('i1') },
    answers: new AnswerCache(new EmbeddedCache({ clock, random: new RealRandom() })),
    line: { ask: (question) => this.#answer(question) },
    exposures: { record: (_request, answer) => void this.exposed.push(answer) },
    clock,
  });

  #answer(question: Question): Promise<Recommendation> {
    this.asked.push(question);
    if (question.bundle !== '' && question.bundle !== this.held) {
      return Promise.reject(new ChorusError('unknown_bundle', 'not here'));
    }
    return Promise.resolve({
      requestId: question.request.requestId,
      bundle: this.held,
      userVersion: question.userVersion,
      itemsVersion: question.itemsVersion,
      items: [{ itemId: 'a', title: 'A', score: 1 }],
      experts: [],
      gates: [],
      timings: { totalUs: 7, lookupUs: 1, featuresUs: 2, routeUs: 3, expertsUs: 4, rankUs: 5 },
      degraded: this.degraded,
      cached: false,
      path: 'user',
      unknownCandidates: [],
    });
  }
}

test('the question carries what the gateway knows, and the answer its whole time', async () => {
  const world = new World();
  const answer = await world.answerRequest.run(request, arrival(), never);
  expect(world.asked).toMatchObject([
    {
      request,
      bundle: 'recommender/v1',
      userVersion: 'u1',
      itemsVersion: 'i1',
      lane: 'interactive',
      attempt: 0,
      traceParent,
    },
  ]);
  expect(answer).toMatchObject({ cached: false, timings: { rankUs: 5 } });
  expect(answer.timings.totalUs).not.toBe(7);
  expect(world.exposed).toEqual([answer]);
});

test('an equal request gets the remembered answer, as its own', async () => {
  const world = new World();
  await world.answerRequest.run(request, arrival(), never);
  const again = await world.answerRequest.run({ ...request, requestId: 'r2' }, arrival(), never);
  expect(world.asked).toHaveLength(1);
  expect(again).toMatchObject({ requestId: 'r2', cached: true, timings: { rankUs: 0 } });
  expect(world.exposed).toHaveLength(2);
});

test('a degraded answer is not remembered', async () => {
  const world = new World();
  world.degraded = true;
  await world.answerRequest.run(request, arrival(), never);
  await world.answerRequest.run(request, arrival(), never);
  expect(world.asked).toHaveLength(2);
});

test('where the live bundle is not held, whichever is live over there answers, under its name', async () => {
  const world = new World();
  world.live = 'recommender/v2';
  const answer = await world.answerRequest.run(request, arrival(), never);
  expect(answer.bundle).toBe('recommender/v1');
  expect(world.asked.map(({ bundle }) => bundle)).toEqual(['recommender/v2', '']);
  // It is no answer of v2.
  await world.answerRequest.run(request, arrival(), never);
  expect(world.asked).toHaveLength(4);
  world.live = 'recommender/v1';
  await expect(world.answerRequest.run(request, arrival(), never)).resolves.toMatchObject({
    cached: true,
  });
});

test('while nobody has chosen a bundle the aggregator chooses', async () => {
  const world = new World();
  world.live = '';
  const answer = await world.answerRequest.run(request, arrival(), never);
  expect(answer.bundle).toBe('recommender/v1');
  expect(world.asked).toHaveLength(1);
});

test('nobody saw an answer that came too late', async () => {
  const world = new World();
  await world.answerRequest.run(request, arrival(), {
    isOver: true,
    signal: AbortSignal.abort(),
  });
  expect(world.exposed).toEqual([]);
});
