import type { chorus } from '../../../proto/generated/public.js';
import { ChorusError } from '../../domain/errors.ts';
import type {
  AnswerPath,
  AnswerTimings,
  Explanation,
  ExpertStatus,
  RankedItem,
  Recommendation,
  RecommendRequest,
} from '../../domain/recommendation.ts';

/** A request as the generated encoder takes it. Its tenant travels beside it. */
export function requestToWire(request: RecommendRequest): chorus.v1.RecommendRequest.$Properties {
  const { candidates } = request;
  return {
    request_id: request.requestId,
    user_id: request.userId,
    session: request.session.map(({ itemId, type, value, timeMs }) => ({
      item_id: itemId,
      type,
      value,
      time_ms: timeMs,
    })),
    ...(candidates !== undefined && { candidates: { item_ids: candidates } }),
    exclude: request.exclude,
    top_n: request.topN,
    include_seen: request.includeSeen,
    context: request.context,
    explain: request.explain,
    no_cache: request.noCache,
  };
}

/** The domain's request of a decoded one, which a gateway has checked. */
export function requestFromWire(
  request: chorus.v1.RecommendRequest,
  tenant: string,
): RecommendRequest {
  return {
    requestId: request.request_id,
    tenant,
    userId: request.user_id,
    session: request.session.map(({ item_id, type, value, time_ms }) => ({
      itemId: item_id,
      type,
      value: value ?? 1,
      timeMs: time_ms,
    })),
    candidates: request.candidates?.item_ids,
    exclude: request.exclude,
    topN: request.top_n ?? 0,
    includeSeen: request.include_seen,
    context: request.context,
    explain: request.explain,
    noCache: request.no_cache,
  };
}

/** An answer as the generated encoder takes it. The versions that it rests on travel beside it. */
export function recommendationToWire(
  answer: Recommendation,
): chorus.v1.RecommendResponse.$Properties {
  return {
    request_id: answer.requestId,
    bundle: answer.bundle,
    items: answer.items.map(itemToWire),
    experts: answer.experts,
    timings: timingsToWire(answer.timings),
    degraded: answer.degraded,
    cached: answer.cached,
    path: answer.path,
    unknown_candidates: answer.unknownCandidates,
  };
}

/**
 * The domain's answer of a decoded one.
 * @throws ChorusError `internal` for a word that this version does not know
 */
export function recommendationFromWire(
  answer: chorus.v1.RecommendResponse,
  beside: Pick<Recommendation, 'userVersion' | 'itemsVersion' | 'gates'>,
): Recommendation {
  return {
    requestId: answer.request_id,
    bundle: answer.bundle,
    ...beside,
    items: answer.items.map(itemFromWire),
    experts: answer.experts.map(({ expert, weight, status }) => ({
      expert,
      weight,
      status: wordOf(statuses, status),
    })),
    timings: timingsFromWire(answer.timings),
    degraded: answer.degraded,
    cached: answer.cached,
    path: wordOf(paths, answer.path),
    unknownCandidates: answer.unknown_candidates,
  };
}

const paths: readonly AnswerPath[] = ['user', 'session', 'popularity'];
const statuses: readonly ExpertStatus[] = ['answered', 'late', 'absent', 'failed'];

function wordOf<Word extends string>(words: readonly Word[], said: string): Word {
  const word = words.find((each) => each === said);
  if (word !== undefined) return word;
  throw new ChorusError('internal', `the aggregator said "${said}" where ${words.join(', ')} fit`);
}

function itemToWire(item: RankedItem): chorus.v1.RankedItem.$Properties {
  const { itemId, title, score, explanation } = item;
  return {
    item_id: itemId,
    title,
    score,
    ...(explanation !== undefined && { explanation: explanationToWire(explanation) }),
  };
}

function itemFromWire(item: chorus.v1.RankedItem): RankedItem {
  const { item_id, title, score, explanation } = item;
  const plain = { itemId: item_id, title, score };
  return explanation ? { ...plain, explanation: explanationFromWire(explanation) } : plain;
}

function explanationToWire(explanation: Explanation): chorus.v1.Explanation.$Properties {
  const { base, experts, history, other } = explanation;
  return {
    base,
    experts,
    history: history.map(({ itemId, amount }) => ({ item_id: itemId, amount })),
    other,
  };
}

function explanationFromWire(explanation: chorus.v1.Explanation): Explanation {
  const { base, experts, history, other } = explanation;
  return {
    base,
    experts: experts.map(({ expert, amount }) => ({ expert, amount })),
    history: history.map(({ item_id, amount }) => ({ itemId: item_id, amount })),
    other,
  };
}

function timingsToWire(timings: AnswerTimings): chorus.v1.AnswerTimings.$Properties {
  return {
    total_us: timings.totalUs,
    lookup_us: timings.lookupUs,
    features_us: timings.featuresUs,
    route_us: timings.routeUs,
    experts_us: timings.expertsUs,
    rank_us: timings.rankUs,
  };
}

function timingsFromWire(timings: chorus.v1.AnswerTimings | null): AnswerTimings {
  return {
    totalUs: timings?.total_us ?? 0,
    lookupUs: timings?.lookup_us ?? 0,
    featuresUs: timings?.features_us ?? 0,
    routeUs: timings?.route_us ?? 0,
    expertsUs: timings?.experts_us ?? 0,
    rankUs: timings?.rank_us ?? 0,
  };
}
