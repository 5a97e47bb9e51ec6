import { z } from 'zod';
import { publicTenant } from '../../services/domain/tenant.ts';
import type {
  Explanation,
  Recommendation,
  RecommendRequest,
} from '../../services/domain/recommendation.ts';
import { id, text, timeMs } from './fields.ts';

/** Limits of a request, beside those that the schema itself names. */
export const recommendLimits = {
  candidates: 1000,
  exclude: 10_000,
  topN: 500,
  defaultTopN: 10,
  idCharacters: 128,
} as const;
const { candidates: maxCandidates, topN: maxTopN, defaultTopN } = recommendLimits;

const noEffectYet = 'Taken, and changes no answer yet: each interaction counts alike, in its order';

const interaction = z.strictObject({
  item_id: id,
  type: text(64).default('click').describe(noEffectYet),
  value: z.number('expected a finite number').default(1).describe(noEffectYet),
  time_ms: timeMs.default(0).describe(noEffectYet),
});

const topN = z
  .int(`expected a whole number from 1 to ${maxTopN}`)
  .min(1, `expected a number from 1 to ${maxTopN}`)
  .max(maxTopN, `expected a number from 1 to ${maxTopN}`);

/** A recommend request as callers write it: the JSON of `chorus.v1.RecommendRequest`, candidates as an array. */
export const recommendBody = z
  .strictObject({
    request_id: text(128).default(''),
    user_id: text(128).default(''),
    session: z.array(interaction).max(1000, 'expected at most 1000 interactions').default([]),
    candidates: z
      .array(id)
      .min(1, 'expected at least one candidate, or no candidates at all for the whole catalogue')
      .max(maxCandidates, `expected at most ${maxCandidates} candidates`)
      .refine((ids) => new Set(ids).size === ids.length, 'expected each candidate once')
      .optional(),
    exclude: z.array(id).max(recommendLimits.exclude, 'expected at most 10000 items').default([]),
    top_n: topN.default(defaultTopN),
    include_seen: z.boolean().default(false),
    context: z.record(text(64), text(256)).default({}),
    explain: z.boolean().default(false),
    no_cache: z.boolean().default(false),
  })
  .refine((body) => body.user_id !== '' || body.session.length > 0, {
    path: ['user_id'],
    message: 'expected a user_id, or a session of somebody unknown',
  });

/** A checked body. */
export type RecommendBody = z.infer<typeof recommendBody>;

/** The query of the short form. */
export const recommendQuery = z.strictObject({
  top_n: z.coerce.number(`expected a whole number from 1 to ${maxTopN}`).pipe(topN).optional(),
});

/** A checked query. */
export type RecommendQuery = z.infer<typeof recommendQuery>;

/** The request behind a checked body; its id is empty when the caller chose none. */
export function toRecommendRequest(body: RecommendBody): RecommendRequest {
  return {
    requestId: body.request_id,
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

const explanation = z.object({
  base: z.number(),
  experts: z.array(z.object({ expert: z.string(), amount: z.number() })),
  history: z.array(z.object({ item_id: z.string(), amount: z.number() })),
  other: z.number(),
});

const microseconds = z.int().min(0);

/** An answer as callers read it: the JSON of `chorus.v1.RecommendResponse`. */
export const recommendReply = z.object({
  request_id: z.string(),
  bundle: z.string(),
  items: z.array(
    z.object({
      item_id: z.string(),
      title: z.string(),
      score: z.number(),
      explanation: explanation.optional(),
    }),
  ),
  experts: z.array(
    z.object({
      expert: z.string(),
      weight: z.number(),
      status: z.enum(['answered', 'late', 'absent', 'failed']),
    }),
  ),
  timings: z.object({
    total_us: microseconds,
    lookup_us: microseconds,
    features_us: microseconds,
    route_us: microseconds,
    experts_us: microseconds,
    rank_us: microseconds,
  }),
  degraded: z.boolean(),
  cached: z.boolean(),
  path: z.enum(['user', 'session', 'popularity']),
  unknown_candidates: z.array(z.string()),
});

/** The shape of an answer as callers read it. */
export type RecommendReply = z.infer<typeof recommendReply>;

/** An answer in the form in which callers read it. */
export function fromRecommendation(answer: Recommendation): RecommendReply {
  const { timings } = answer;
  return {
    request_id: answer.requestId,
    bundle: answer.bundle,
    items: answer.items.map((item) => ({
      item_id: item.itemId,
      title: item.title,
      score: item.score,
      ...(item.explanation && { explanation: fromExplanation(item.explanation) }),
    })),
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
    unknown_candidates: [...answer.unknownCandidates],
  };
}

function fromExplanation({ base, experts, history, other }: Explanation) {
  return {
    base,
    experts: [...experts],
    history: history.map(({ itemId, amount }) => ({ item_id: itemId, amount })),
    other,
  };
}
