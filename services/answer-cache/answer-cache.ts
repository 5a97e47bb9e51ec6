import { createHash } from 'node:crypto';
import type { Recommendation, RecommendRequest } from '../domain/recommendation.ts';
import type { Cache, CacheSpace } from '../platform/cache/cache.ts';

/** Answers by all that shapes them; the versions of user and items are part of the key, so they never grow stale. */
const answers: CacheSpace = { name: 'answer', ttlMs: 60_000, ttlJitter: 0.1, immutable: true };

/** What an answer depends on besides its request. */
export interface AnswerContext {
  readonly bundle: string;
  readonly userVersion: string;
  readonly itemsVersion: string;
}

/** Remembers full answers for a minute. */
export class AnswerCache {
  readonly #cache: Cache;
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();

  constructor(cache: Cache) {
    this.#cache = cache;
  }

  /** The answer to the same question, if one was given lately. */
  async recall(
    request: RecommendRequest,
    context: AnswerContext,
  ): Promise<Recommendation | undefined> {
    if (request.noCache) return undefined;
    const bytes = await this.#cache.get(answers, answerKey(request, context));
    if (bytes === undefined) return undefined;
    // Only `remember` writes this space, so the shape is known.
    const answer: Recommendation = JSON.parse(this.#decoder.decode(bytes));
    return answer;
  }

  /** Remembers an answer, unless it is degraded: the next one may be better. */
  async remember(request: RecommendRequest, answer: Recommendation): Promise<void> {
    if (request.noCache || answer.degraded) return;
    const bytes = this.#encoder.encode(JSON.stringify(answer));
    await this.#cache.set(answers, answerKey(request, answer), bytes);
  }
}

/** Tenant, bundle, versions and a hash of every field that shapes the answer. */
function answerKey(request: RecommendRequest, context: AnswerContext): string {
  const { requestId: _id, noCache: _noCache, ...shaping } = request;
  const text = JSON.stringify([context.bundle, context.userVersion, context.itemsVersion, shaping]);
  return createHash('sha1').update(text).digest('base64url');
}
