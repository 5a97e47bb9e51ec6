import { hash } from 'node:crypto';
import { KeptWith } from '../domain/kept-with.ts';
import type { Recommendation, RecommendRequest } from '../domain/recommendation.ts';
import type { Cache, CacheSpace } from '../platform/cache/cache.ts';
import { encodeRemembered } from '../platform/wire/answer-writer.ts';
import { RememberedAnswer, RememberedContent } from '../platform/wire/remembered-answer.ts';

/** Answers by all that shapes them; the versions of user and items are part of the key, so they never grow stale. */
const answers: CacheSpace = { name: 'answer', ttlMs: 60_000, ttlJitter: 0.1, immutable: true };

/** What an answer depends on besides its request. */
export interface AnswerContext {
  readonly bundle: string;
  readonly userVersion: string;
  readonly itemsVersion: string;
}

/** Where the answer to a question is remembered. */
export interface AnswerPlace extends AnswerContext {
  readonly key: string;
}

/** A key longer than this is hashed: a digest costs more than it saves on a short one. */
const longestKey = 256;

/** Remembers full answers for a minute. */
export class AnswerCache {
  readonly #cache: Cache;
  // The cache hands out the same bytes again and again.
  readonly #opened = new KeptWith<Uint8Array, RememberedContent>();

  constructor(cache: Cache) {
    this.#cache = cache;
  }

  /** Where the answer to this question is, if it was given lately; undefined when it must be computed anew. */
  placeOf(request: RecommendRequest, context: AnswerContext): AnswerPlace | undefined {
    return request.noCache ? undefined : { ...context, key: keyOf(request, context) };
  }

  /** The answer to the same question, if one was given lately; id and timings are for the caller to fill in. */
  async recall(place: AnswerPlace | undefined): Promise<RememberedAnswer | undefined> {
    if (place === undefined) return undefined;
    const bytes = await this.#cache.get(answers, place.key);
    if (bytes === undefined) return undefined;
    // The versions are in the key, not in the bytes.
    const { userVersion, itemsVersion } = place;
    const showing = { ...notShown, userVersion, itemsVersion };
    const opened = this.#opened.get(bytes);
    if (opened !== undefined) return new RememberedAnswer(opened, showing);
    try {
      const { content, decoded } = RememberedContent.open(bytes);
      this.#opened.set(bytes, content);
      return new RememberedAnswer(content, showing, decoded);
    } catch {
      // Of another version of this program, which knows more words.
      return undefined;
    }
  }

  /**
   * Remembers an answer, unless it is degraded: the next one may be better.
   * @param place where the question would have found it; an answer that rests on something newer
   *   is remembered under that.
   */
  async remember(
    request: RecommendRequest,
    place: AnswerPlace | undefined,
    answer: Recommendation,
  ): Promise<void> {
    if (place === undefined || answer.degraded) return;
    const key = isOf(answer, place) ? place.key : keyOf(request, answer);
    await this.#cache.set(answers, key, encodeRemembered(answer));
  }
}

const noTimings = {
  totalUs: 0,
  lookupUs: 0,
  featuresUs: 0,
  routeUs: 0,
  expertsUs: 0,
  rankUs: 0,
};
const notShown = { requestId: '', timings: noTimings };

function isOf(answer: AnswerContext, place: AnswerContext): boolean {
  return (
    answer.bundle === place.bundle &&
    answer.userVersion === place.userVersion &&
    answer.itemsVersion === place.itemsVersion
  );
}

/** Tenant, bundle, versions and every field that shapes the answer, hashed where that is long. */
function keyOf(request: RecommendRequest, context: AnswerContext): string {
  const text = JSON.stringify([
    context.bundle,
    context.userVersion,
    context.itemsVersion,
    request.tenant,
    request.userId,
    request.topN,
    request.includeSeen,
    request.explain,
    request.session,
    request.candidates,
    request.exclude,
    request.context,
  ]);
  return text.length <= longestKey ? text : hash('sha1', text, 'base64url');
}
