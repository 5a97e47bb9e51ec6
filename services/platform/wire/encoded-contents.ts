import type { RankedItem, Recommendation } from '../../domain/recommendation.ts';
import { KeptWith } from '../../domain/kept-with.ts';
import { RememberedAnswer, type RememberedContent } from './remembered-answer.ts';

/**
 * What was encoded of answers that are on their way or remembered, kept beside their items: one
 * answer is sent, remembered, sent again and logged each time, and encoding it costs more than all
 * the rest of a cache hit. Gone with the answer.
 */
export class EncodedContents {
  readonly #encode: (answer: Recommendation) => Uint8Array;
  readonly #known = new KeptWith<readonly RankedItem[], Encoded>();
  readonly #remembered = new KeptWith<RememberedContent, Uint8Array>();

  /** @param encode of an answer's content alone: nothing that is one request's own. */
  constructor(encode: (answer: Recommendation) => Uint8Array) {
    this.#encode = encode;
  }

  /** The encoded content; never write to it. */
  of(answer: Recommendation): Uint8Array {
    if (answer instanceof RememberedAnswer) return this.#ofRemembered(answer);
    const known = this.#known.get(answer.items);
    if (known !== undefined && isSameContent(known.answer, answer)) return known.content;
    const content = this.#encode(answer);
    this.#known.set(answer.items, { answer, content });
    return content;
  }

  #ofRemembered(answer: RememberedAnswer): Uint8Array {
    const known = this.#remembered.get(answer.content);
    if (known !== undefined) return known;
    const content = this.#encode(answer);
    this.#remembered.set(answer.content, content);
    return content;
  }
}

interface Encoded {
  readonly answer: Recommendation;
  readonly content: Uint8Array;
}

/** Of two answers with the very same items. */
function isSameContent(one: Recommendation, other: Recommendation): boolean {
  return (
    one.experts === other.experts &&
    one.gates === other.gates &&
    one.unknownCandidates === other.unknownCandidates &&
    one.bundle === other.bundle &&
    one.degraded === other.degraded &&
    one.path === other.path
  );
}
