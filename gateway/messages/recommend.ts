import { z } from 'zod';
import { publicTenant } from '../../services/domain/tenant.ts';
import type { Recommendation, RecommendRequest } from '../../services/domain/recommendation.ts';

const maxCandidates = 1000;
const maxTopN = 500;
const defaultTopN = 10;

/** An id that a caller chose. Control characters would let one id pass for another in a key or a log. */
const id = z
  .string()
  .min(1, 'expected an id of 1 to 128 characters')
  .max(128, 'expected an id of 1 to 128 characters')
  .refine((text) => !/\p{Cc}/u.test(text), 'expected an id without control characters');

const interaction = z.strictObject({
  item_id: id,
  type: z.string().max(64).default('click'),
  value: z.number('expected a finite number').default(1),
  time_ms: z.int('expected whole milliseconds since the epoch').min(0).default(0),
});

/** A recommend request as callers write it: the JSON of `chorus.v1.RecommendRequest`, candidates as an array. */
export const recommendBody = z
  .strictObject({
    request_id: z.string().max(128).default(''),
    user_id: z.union([z.literal(''), id]).default(''),
    session: z.array(interaction).max(1000).default([]),
    candidates: z
      .array(id)
      .min(1, 'expected at least one candidate, or no candidates at all for the whole catalogue')
      .max(maxCandidates, `expected at most ${maxCandidates} candidates`)
      .refine((ids) => new Set(ids).size === ids.length, 'expected each candidate once')
      .optional(),
    exclude: z.array(id).max(10_000).default([]),
    top_n: z
      .int(`expected a whole number from 1 to ${maxTopN}`)
      .min(1, `expected a number from 1 to ${maxTopN}`)
      .max(maxTopN, `expected a number from 1 to ${maxTopN}`)
      .default(defaultTopN),
    include_seen: z.boolean().default(false),
    context: z.record(z.string().max(64), z.string().max(256)).default({}),
    explain: z.boolean().default(false),
    no_cache: z.boolean().default(false),
  })
  .refine((body) => body.user_id !== '' || body.session.length > 0, {
    path: ['user_id'],
    message: 'expected a user_id, or a session of somebody unknown',
  });

/** A checked body. */
export type RecommendBody = z.infer<typeof recommendBody>;

/** The request behind a checked body; `requestId` is used when the caller chose none. */
export function toRecommendRequest(body: RecommendBody, requestId: string): RecommendRequest {
  return {
    requestId: body.request_id === '' ? requestId : body.request_id,
    tenant: publicTenant,
    userId: body.user_id,
    session: body.session.map(({ item_id, type, value, time_ms }) => ({
      itemId: item_id,
      type,
      value,
      timeMs: time_ms,
    })),
    candidates: body.candidates,
    exclude: body.exclude,
    topN: body.top_n,
    includeSeen: body.include_seen,
    context: body.context,
    explain: body.explain,
    noCache: body.no_cache,
  };
}

/** An answer as callers read it: the JSON of `chorus.v1.RecommendResponse`. */
export function fromRecommendation(answer: Recommendation) {
  const { timings } = answer;
  return {
    request_id: answer.requestId,
    bundle: answer.bundle,
    items: answer.items.map(({ itemId, title, score }) => ({ item_id: itemId, title, score })),
    experts: answer.experts.map(({ expert, weight, status }) => ({ expert, weight, status })),
    timings: {
      total_us: timings.totalUs,
      lookup_us: timings.lookupUs,
      features_us: timings.featuresUs,
      route_us: timings.routeUs,
      experts_us: timings.expertsUs,
      rank_us: timings.rankUs,
    },
    degraded: answer.degraded,
    cached: answer.cached,
    path: answer.path,
    unknown_candidates: answer.unknownCandidates,
  };
}

/** The shape of an answer as callers read it. */
export type RecommendReply = ReturnType<typeof fromRecommendation>;
