/** What a load wants to know of an answer. */
export interface AnswerFacts {
  readonly items: number;
  readonly experts: number;
  readonly degraded: boolean;
  readonly cached: boolean;
}

/** Numbers of the fields in `RecommendResponse` (`proto/chorus/v1/recommender.proto`). */
const field = { items: 3, experts: 4, degraded: 6, cached: 7 } as const;
const varint = 0;
const fixed64 = 1;
const lengthDelimited = 2;

/**
 * Looks at the outermost fields of an encoded `RecommendResponse`: decoding it would cost the load
 * more than asking does.
 */
export function answerFacts(bytes: Uint8Array): AnswerFacts {
  const facts = { items: 0, experts: 0, degraded: false, cached: false };
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    let shift = 1;
    for (;;) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
      shift *= 0x80;
    }
  };
  while (at < bytes.length) {
    const tag = readVarint();
    const type = tag & 7;
    const number = tag >>> 3;
    if (type === lengthDelimited) {
      const length = readVarint();
      at += length;
      if (number === field.items) facts.items += 1;
      else if (number === field.experts) facts.experts += 1;
    } else if (type === varint) {
      const value = readVarint();
      if (number === field.degraded) facts.degraded = value !== 0;
      else if (number === field.cached) facts.cached = value !== 0;
    } else {
      at += type === fixed64 ? 8 : 4;
    }
  }
  return facts;
}
