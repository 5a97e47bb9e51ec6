import { chorus } from '../../proto/generated/internal.js';
import type { Recommendation, RecommendRequest } from '../domain/recommendation.ts';
import { encodeMessage } from '../platform/wire/encode-message.ts';

/** What one answer showed, and what tells its record from all others. */
export interface Exposure {
  /** Unique: a record that was written twice counts once. */
  readonly exposureId: string;
  readonly request: RecommendRequest;
  readonly answer: Recommendation;
  /** When it was shown, in ms since the epoch. */
  readonly servedMs: number;
}

/** An exposure as the value of a record: `chorus.v1.Exposure`. */
export function encodeExposure({ exposureId, request, answer, servedMs }: Exposure): Buffer {
  const message: chorus.v1.Exposure.$Properties = {
    exposureId,
    requestId: answer.requestId,
    tenant: request.tenant,
    userId: request.userId,
    userVersion: answer.userVersion,
    itemsVersion: answer.itemsVersion,
    sessionItemIds: request.session.map(({ itemId }) => itemId),
    bundle: answer.bundle,
    path: answer.path,
    experts: answer.experts.map(({ expert, weight, status }) => ({ expert, weight, status })),
    items: answer.items.map(({ itemId, score }, index) => ({
      itemId,
      score,
      position: index + 1,
      // The ranking draws no lots yet.
      propensity: 1,
      source: answer.path,
    })),
    degraded: answer.degraded,
    cached: answer.cached,
    fromCandidates: request.candidates !== undefined,
    context: request.context,
    servedMs,
    k: answer.experts.filter(({ status }) => status !== 'absent').length,
    gates: answer.gates,
  };
  return encodeMessage(message, chorus.v1.Exposure.encode);
}
