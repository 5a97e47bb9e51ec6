import type { chorus } from '../../proto/generated/public.js';
import { publicTenant } from '../../services/domain/tenant.ts';
import type { Interaction, RecommendRequest } from '../../services/domain/recommendation.ts';
import { recommendLimits } from './recommend.ts';

const noSession: readonly Interaction[] = [];
const noContext: Readonly<Record<string, string>> = {};

/**
 * The request behind a decoded message that is plainly within every limit: short ids of printable
 * ASCII, no session, no context. Seen without the schema, which takes 5 µs to find nothing wrong
 * with the smallest message and 30 with a hundred candidates.
 * @returns undefined when the schema must judge: something may be wrong, or is rare.
 */
export function plainRequest(message: chorus.v1.RecommendRequest): RecommendRequest | undefined {
  const { request_id, user_id, session, exclude, candidates } = message;
  const topN = message.top_n ?? recommendLimits.defaultTopN;
  const isPlain =
    session.length === 0 &&
    isPlainId(user_id) &&
    (request_id === '' || isPlainId(request_id)) &&
    topN >= 1 &&
    topN <= recommendLimits.topN &&
    exclude.length <= recommendLimits.exclude &&
    exclude.every(isPlainId) &&
    areCandidates(candidates?.item_ids) &&
    Object.keys(message.context).length === 0;
  if (!isPlain) return undefined;
  return {
    requestId: request_id,
    tenant: publicTenant,
    userId: user_id,
    session: noSession,
    candidates: candidates?.item_ids,
    exclude,
    topN,
    includeSeen: message.include_seen,
    context: noContext,
    explain: message.explain,
    noCache: message.no_cache,
  };
}

function areCandidates(ids: readonly string[] | undefined): boolean {
  if (ids === undefined) return true;
  const isCountFine = ids.length >= 1 && ids.length <= recommendLimits.candidates;
  return isCountFine && ids.every(isPlainId) && new Set(ids).size === ids.length;
}

function isPlainId(id: string): boolean {
  if (id.length === 0 || id.length > recommendLimits.idCharacters) return false;
  for (let index = 0; index < id.length; index += 1) {
    const code = id.charCodeAt(index);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}
