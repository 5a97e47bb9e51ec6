import { publicTenant } from '../../services/domain/tenant.ts';
import type { Interaction, RecommendRequest } from '../../services/domain/recommendation.ts';
import { areDistinct } from './are-distinct.ts';
import { recommendLimits } from './recommend.ts';

const noSession: readonly Interaction[] = [];
const noContext: Readonly<Record<string, string>> = {};

/**
 * The request in the bytes of a `chorus.v1.RecommendRequest` that is plainly within every limit:
 * short ids of printable ASCII, no session, no context. Read without decoder and schema, which take
 * 5 µs to find nothing wrong with the smallest message and 40 with a hundred candidates.
 * @returns undefined when those must judge: something may be wrong, or is rare.
 */
export function plainRequest(bytes: Buffer): RecommendRequest | undefined {
  const reader = new PlainReader(bytes);
  if (!reader.read()) return undefined;
  const { requestId, userId, candidates, exclude, topN } = reader;
  const isPlain =
    userId !== '' &&
    topN >= 1 &&
    topN <= recommendLimits.topN &&
    exclude.length <= recommendLimits.exclude &&
    (candidates === undefined || areCandidates(candidates));
  if (!isPlain) return undefined;
  return {
    requestId,
    tenant: publicTenant,
    userId,
    session: noSession,
    candidates,
    exclude,
    topN,
    includeSeen: reader.includeSeen,
    context: noContext,
    explain: reader.explain,
    noCache: reader.noCache,
  };
}

function areCandidates(ids: readonly string[]): boolean {
  const isCountFine = ids.length >= 1 && ids.length <= recommendLimits.candidates;
  return isCountFine && areDistinct(ids);
}

// Field numbers of recommender.proto, as tags: number × 8 + wire type (0 whole number, 2 bytes).
const tag = {
  requestId: 0x0a,
  userId: 0x12,
  candidates: 0x22,
  exclude: 0x2a,
  topN: 0x30,
  includeSeen: 0x38,
  explain: 0x48,
  noCache: 0x50,
} as const;
const candidateTag = 0x0a;

/** Reads what it knows to be plain, and stops at anything else. */
class PlainReader {
  requestId = '';
  userId = '';
  candidates: string[] | undefined;
  readonly exclude: string[] = [];
  topN: number = recommendLimits.defaultTopN;
  includeSeen = false;
  explain = false;
  noCache = false;
  readonly #bytes: Buffer;
  /** The whole message, of which texts are cut: what is not ASCII is never cut. */
  readonly #all: string;
  #at = 0;
  #isPlain = true;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#all = bytes.toString('latin1');
  }

  /** @returns whether everything was plain. */
  read(): boolean {
    while (this.#isPlain && this.#at < this.#bytes.length) this.#field(this.#byte());
    return this.#isPlain;
  }

  #field(which: number): void {
    switch (which) {
      case tag.requestId:
        this.requestId = this.#text();
        break;
      case tag.userId:
        this.userId = this.#text();
        break;
      case tag.candidates:
        this.#candidates();
        break;
      case tag.exclude:
        this.exclude.push(this.#text());
        break;
      case tag.topN:
        this.topN = this.#small();
        break;
      case tag.includeSeen:
        this.includeSeen = this.#flag();
        break;
      case tag.explain:
        this.explain = this.#flag();
        break;
      case tag.noCache:
        this.noCache = this.#flag();
        break;
      default:
        this.#isPlain = false;
    }
  }

  /** The message of candidates; a second one would add to the first. */
  #candidates(): void {
    const end = this.#small() + this.#at;
    if (this.candidates !== undefined || end > this.#bytes.length) this.#isPlain = false;
    const ids: string[] = [];
    while (this.#isPlain && this.#at < end) {
      if (this.#byte() !== candidateTag) this.#isPlain = false;
      else ids.push(this.#text());
    }
    if (this.#at !== end) this.#isPlain = false;
    this.candidates = ids;
  }

  /** A text of 1 to 127 printable ASCII characters: fewer than an id may have, so its length is one byte. */
  #text(): string {
    const length = this.#byte();
    const start = this.#at;
    const end = start + length;
    this.#at = end;
    if (length === 0 || length > 0x7f || !isPrintable(this.#bytes, start, end)) {
      this.#isPlain = false;
      return '';
    }
    return this.#all.slice(start, end);
  }

  /** A whole number below 2^14. */
  #small(): number {
    const low = this.#byte();
    if (low < 0x80) return low;
    const high = this.#byte();
    if (high >= 0x80) this.#isPlain = false;
    return (low & 0x7f) + high * 0x80;
  }

  #flag(): boolean {
    const value = this.#byte();
    if (value > 1) this.#isPlain = false;
    return value === 1;
  }

  #byte(): number {
    const value = this.#bytes[this.#at];
    this.#at += 1;
    if (value === undefined) this.#isPlain = false;
    return value ?? 0;
  }
}

function isPrintable(bytes: Buffer, start: number, end: number): boolean {
  if (end > bytes.length) return false;
  for (let at = start; at < end; at += 1) {
    const code = bytes[at] ?? 0;
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}
