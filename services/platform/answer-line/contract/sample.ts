import { expect } from 'vitest';
import type { Question } from '../../../domain/question.ts';
import type {
  AnswerTimings,
  Recommendation,
  RecommendRequest,
} from '../../../domain/recommendation.ts';
import { RealClock } from '../../clock/real-clock.ts';

const request: RecommendRequest = {
  requestId: 'q',
  tenant: 'public',
  userId: 'Zoë',
  session: [{ itemId: 'i1', type: 'rating', value: -0.1, timeMs: 1_700_000_000_123 }],
  candidates: ['i1', 'i2', 'ü'],
  exclude: ['i3'],
  topN: 7,
  includeSeen: true,
  context: { device: 'phone' },
  explain: true,
  noCache: true,
};

const timings: AnswerTimings = {
  totalUs: 21,
  lookupUs: 1,
  featuresUs: 2,
  routeUs: 3,
  expertsUs: 4,
  rankUs: 5,
};

/** A question with something in every field, on the real clock. */
export function questionOf(requestId: string, change: Partial<RecommendRequest> = {}): Question {
  return {
    request: { ...request, requestId, ...change },
    bundle: 'recommender/v1',
    userVersion: 'u1',
    itemsVersion: 't1',
    budget: { arrivedUs: new RealClock().monotonicUs(), budgetMs: 5000 },
    lane: 'bulk',
    attempt: 2,
    traceParent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
}

/** An answer with something in every field. */
export function answerTo({ request: { requestId }, bundle }: Question): Recommendation {
  return {
    requestId,
    bundle,
    userVersion: 'u2',
    itemsVersion: 't2',
    items: [
      {
        itemId: 'i2',
        title: 'Der Zauberberg',
        score: 0.1,
        explanation: {
          base: 0.3,
          experts: [{ expert: '3', amount: -0.2 }],
          history: [{ itemId: 'i9', amount: 0.05 }],
          other: 0.05,
        },
      },
      { itemId: 'i1', title: '', score: -1e-9 },
    ],
    experts: [
      { expert: '3', weight: 1, status: 'answered' },
      { expert: '5', weight: 0, status: 'late' },
    ],
    gates: [0.75, 0.2, 0.05],
    timings,
    degraded: true,
    cached: false,
    path: 'session',
    unknownCandidates: ['ü'],
  };
}

/** `q0`, `q1`, … */
export function requestIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `q${index}`);
}

/** Waits until something is what it should be, 8 s at most. */
export async function becomes<Value>(look: () => Value, expected: Value): Promise<void> {
  await expect.poll(look, { timeout: 8000, interval: 5 }).toEqual(expected);
}
