import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chorus } from '../../../proto/generated/public.js';
import { ChorusError } from '../../domain/errors.ts';
import type { Question } from '../../domain/question.ts';
import type { Recommendation, RecommendRequest } from '../../domain/recommendation.ts';
import {
  decodeAnswerFrame,
  decodeGatewayFrame,
  encodeAnswer,
  encodeAnswerFrame,
  encodeGatewayFrame,
  encodeQuestion,
} from './question-codec.ts';

const text = fc.string({ unit: 'binary' });
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const micros = fc.nat(2 ** 40);

const request: fc.Arbitrary<RecommendRequest> = fc.record({
  requestId: text,
  tenant: text,
  userId: text,
  session: fc.array(
    fc.record({ itemId: text, type: text, value: number, timeMs: fc.maxSafeNat() }),
  ),
  candidates: fc.option(fc.array(text), { nil: undefined }),
  exclude: fc.array(text),
  topN: fc.integer({ min: 1, max: 500 }),
  includeSeen: fc.boolean(),
  context: fc.dictionary(fc.string({ minLength: 1 }), text, { noNullPrototype: true }),
  explain: fc.boolean(),
  noCache: fc.boolean(),
});

const question: fc.Arbitrary<Question> = fc.record({
  request,
  bundle: text,
  userVersion: text,
  itemsVersion: text,
  budget: fc.record({ arrivedUs: micros, budgetMs: fc.integer({ min: 1, max: 600_000 }) }),
  lane: fc.constantFrom('interactive', 'bulk'),
  attempt: fc.nat(5),
  traceParent: text,
});

const amount = fc.record({ expert: text, amount: number });
const answer: fc.Arbitrary<Recommendation> = fc.record({
  requestId: text,
  bundle: text,
  userVersion: text,
  itemsVersion: text,
  items: fc.array(
    fc.record(
      {
        itemId: text,
        title: text,
        score: number,
        explanation: fc.record({
          base: number,
          experts: fc.array(amount),
          history: fc.array(fc.record({ itemId: text, amount: number })),
          other: number,
        }),
      },
      { requiredKeys: ['itemId', 'title', 'score'] },
    ),
  ),
  experts: fc.array(
    fc.record({
      expert: text,
      weight: number,
      status: fc.constantFrom('answered', 'late', 'absent', 'failed'),
    }),
  ),
  gates: fc.array(number),
  timings: fc.record({
    totalUs: micros,
    lookupUs: micros,
    featuresUs: micros,
    routeUs: micros,
    expertsUs: micros,
    rankUs: micros,
  }),
  degraded: fc.boolean(),
  cached: fc.boolean(),
  path: fc.constantFrom('user', 'session', 'popularity'),
  unknownCandidates: fc.array(text),
});

/** Lone surrogates have no UTF-8; everything that comes in over HTTP or gRPC is well formed. */
function wellFormed<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value), (_key, each: unknown) =>
    typeof each === 'string' ? each.toWellFormed() : each,
  );
}

describe('a frame of questions', () => {
  test('is its pieces one after the other, and comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(question), fc.array(fc.nat()), micros, (questions, cancels, nowUs) => {
        const asked = questions.map((each) => ({ ...wellFormed(each), budget: each.budget }));
        const frame = Buffer.concat([
          encodeGatewayFrame({ gatewayId: 'g' }),
          ...asked.map((each, index) => encodeQuestion(index + 1, each, each.budget.arrivedUs)),
          encodeGatewayFrame({ cancels }),
        ]);
        const received = decodeGatewayFrame(frame, nowUs);
        expect(received).toEqual({
          gatewayId: 'g',
          cancels,
          goodbye: false,
          questions: asked.map((each, index) => ({
            id: index + 1,
            question: {
              ...each,
              request: { ...each.request, candidates: each.request.candidates },
              budget: { arrivedUs: nowUs, budgetMs: each.budget.budgetMs },
            },
          })),
        });
      }),
      { numRuns: 200 },
    );
  });

  test('carries what is left of a budget and how old the request is', () => {
    const [sample] = fc.sample(question, { numRuns: 1, seed: 1 });
    if (sample === undefined) throw new Error('no sample');
    const asked = { ...sample, budget: { arrivedUs: 1_000_000, budgetMs: 300 } };
    // 40 ms after the arrival here, and that is 7 s by the clock over there.
    const frame = encodeQuestion(1, asked, 1_040_000);
    const wire = chorus.v1.GatewayFrame.decode(frame).questions[0];
    expect(wire).toMatchObject({ budget_ms: 260, elapsed_ms: 40 });
    const [received] = decodeGatewayFrame(frame, 7_000_000).questions;
    expect(received?.question?.budget).toEqual({ arrivedUs: 6_960_000, budgetMs: 300 });
  });

  test('may hold a question of a kind that is not known here', () => {
    const bytes = chorus.v1.GatewayFrame.encode({ questions: [{ question_id: 3 }] }).finish();
    expect(decodeGatewayFrame(bytes, 0).questions).toEqual([{ id: 3, question: undefined }]);
  });
});

describe('a frame of answers', () => {
  test('is its pieces one after the other, and comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(answer), fc.nat(), (answers, inFlight) => {
        const given = answers.map(wellFormed);
        const frame = Buffer.concat([
          encodeAnswerFrame({ aggregatorId: 'a', inFlight }),
          ...given.map((each, index) => encodeAnswer(index + 1, each)),
        ]);
        expect(decodeAnswerFrame(frame)).toEqual({
          aggregatorId: 'a',
          inFlight,
          goodbye: false,
          answers: given.map((outcome, index) => ({ id: index + 1, outcome })),
        });
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    [{ error: { code: 'not_yet_invented', message: 'm' } }, { code: 'internal', message: 'm' }],
    [{ recommend: { path: 'by magic' } }, { code: 'internal' }],
    [{}, { code: 'internal' }],
  ])('of a newer aggregator costs no other answer: %j', (outcome, expected) => {
    const frame = { answers: [{ question_id: 1, ...outcome }] };
    const [received] = decodeAnswerFrame(chorus.v1.AnswerFrame.encode(frame).finish()).answers;
    expect(received?.outcome).toBeInstanceOf(ChorusError);
    expect(received?.outcome).toMatchObject(expected);
  });
});
