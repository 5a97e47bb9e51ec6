import { chorus } from '../../../proto/generated/public.js';
import protobuf from '../../../proto/protobuf-runtime.js';
import type {
  AnswerPath,
  AnswerTimings,
  ExpertShare,
  RankedItem,
  Recommendation,
} from '../../domain/recommendation.ts';
import { rememberedTag } from './remembered-tag.ts';
import { recommendationFromWire } from './recommendation-codec.ts';

/** What each showing of a remembered answer has of its own. */
export type Showing = Pick<
  Recommendation,
  'requestId' | 'userVersion' | 'itemsVersion' | 'timings'
>;

type Content = Omit<Recommendation, keyof Showing | 'cached'>;

/** What is remembered of an answer: one for all who are shown it. */
export class RememberedContent {
  /** Its fields of `chorus.v1.RecommendResponse`, as callers get them; never write to it. */
  readonly bytes: Uint8Array;
  readonly degraded: boolean;
  readonly isEmpty: boolean;
  readonly #gates: readonly number[];
  #decoded: Content | undefined;

  private constructor(bytes: Uint8Array, decoded: Content) {
    this.bytes = bytes;
    this.#gates = decoded.gates;
    this.degraded = decoded.degraded;
    this.isEmpty = decoded.items.length === 0;
  }

  /**
   * Reads what `encodeRemembered` made.
   * @returns it, and what it says; that lives no longer than who uses it now.
   * @throws ChorusError `internal` for a word that this version does not know; Error for bytes that are none.
   */
  static open(remembered: Uint8Array): { content: RememberedContent; decoded: Content } {
    const reader = protobuf.Reader.create(remembered);
    let bytes = remembered.subarray(0, 0);
    const gates: number[] = [];
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === rememberedTag.recommend) bytes = reader.bytes();
      else if (tag === rememberedTag.gates) reader.doubles(gates);
      else reader.skipType(tag & 7);
    }
    const decoded = decode(bytes, gates);
    return { content: new RememberedContent(bytes, decoded), decoded };
  }

  /** What it says. Who asks this asks again, as HTTP does for each answer: it is kept from now on. */
  decoded(): Content {
    this.#decoded ??= decode(this.bytes, this.#gates);
    return this.#decoded;
  }
}

/**
 * An answer out of the cache. gRPC and the log of exposures need its bytes alone: objects of every
 * answer that is remembered would cost more memory and pauses of the collector than all the rest.
 */
export class RememberedAnswer implements Recommendation {
  readonly cached = true;
  readonly content: RememberedContent;
  readonly requestId: string;
  readonly userVersion: string;
  readonly itemsVersion: string;
  readonly timings: AnswerTimings;
  #decoded: Content | undefined;

  /** @param decoded what it says, where somebody knows already. */
  constructor(content: RememberedContent, showing: Showing, decoded?: Content) {
    this.content = content;
    this.requestId = showing.requestId;
    this.userVersion = showing.userVersion;
    this.itemsVersion = showing.itemsVersion;
    this.timings = showing.timings;
    this.#decoded = decoded;
  }

  /** The same answer to another request. */
  shown(showing: Pick<Showing, 'requestId' | 'timings'>): RememberedAnswer {
    const { userVersion, itemsVersion } = this;
    const own = { ...showing, userVersion, itemsVersion };
    return new RememberedAnswer(this.content, own, this.#decoded);
  }

  get degraded(): boolean {
    return this.content.degraded;
  }

  get bundle(): string {
    return this.#said.bundle;
  }

  get items(): readonly RankedItem[] {
    return this.#said.items;
  }

  get experts(): readonly ExpertShare[] {
    return this.#said.experts;
  }

  get gates(): readonly number[] {
    return this.#said.gates;
  }

  get path(): AnswerPath {
    return this.#said.path;
  }

  get unknownCandidates(): readonly string[] {
    return this.#said.unknownCandidates;
  }

  get #said(): Content {
    this.#decoded ??= this.content.decoded();
    return this.#decoded;
  }
}

function decode(bytes: Uint8Array, gates: readonly number[]): Content {
  // Of a Buffer, because texts then come in one piece; of other bytes they are chains of a letter each.
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const message = chorus.v1.RecommendResponse.decode(buffer);
  const noVersions = { userVersion: '', itemsVersion: '' };
  return recommendationFromWire(message, { ...noVersions, gates });
}
