import { chorus } from '../../../proto/generated/public.js';
import type {
  AnswerTimings,
  ExpertShare,
  RankedItem,
  Recommendation,
} from '../../domain/recommendation.ts';
import { BackwardWriter } from './backward-writer.ts';
import { EncodedContents } from './encoded-contents.ts';
import { encodeMessage } from './encode-message.ts';
import { recommendationToWire } from './recommendation-codec.ts';
import { RememberedAnswer } from './remembered-answer.ts';
import { rememberedTag } from './remembered-tag.ts';

// Field numbers of recommender.proto, as tags: number × 8 + wire type (0 whole number, 1 double, 2 bytes).
const answerTag = {
  requestId: 0x0a,
  bundle: 0x12,
  items: 0x1a,
  experts: 0x22,
  timings: 0x2a,
  degraded: 0x30,
  cached: 0x38,
  path: 0x42,
  unknownCandidates: 0x4a,
} as const;
const itemTag = { itemId: 0x0a, title: 0x12, score: 0x19 } as const;
const expertTag = { expert: 0x0a, weight: 0x11, status: 0x1a } as const;
const timingsTag = {
  totalUs: 0x08,
  lookupUs: 0x10,
  featuresUs: 0x18,
  routeUs: 0x20,
  expertsUs: 0x28,
  rankUs: 0x30,
} as const;

/**
 * All of an answer but what is one request's own. These are fields of `chorus.v1.RecommendResponse`
 * too: in protobuf, the bytes of two halves one after the other are the bytes of the whole.
 */
const contents = new EncodedContents((answer) => {
  const isExplained = answer.items.some(({ explanation }) => explanation !== undefined);
  return isExplained ? encodeExplained(answer) : writeContent(answer);
});

/** An answer as `chorus.v1.RecommendResponse`, as a caller gets it. */
export function encodeRecommendation(answer: Recommendation): Buffer {
  const content = answer instanceof RememberedAnswer ? answer.content.bytes : contents.of(answer);
  const writer = new BackwardWriter(64 + 3 * answer.requestId.length + content.byteLength);
  writer.raw(content);
  writer.number(answerTag.cached, answer.cached ? 1 : 0);
  writeTimings(writer, answer.timings);
  writer.text(answerTag.requestId, answer.requestId);
  return writer.finish();
}

/**
 * An answer as it is remembered, `chorus.v1.Answer`: without what was one request's own (id,
 * timings, whether it was remembered) and without the versions, by which it is found.
 */
export function encodeRemembered(answer: Recommendation): Uint8Array {
  const content = contents.of(answer);
  const writer = new BackwardWriter(32 + content.byteLength + 8 * answer.gates.length);
  writer.bytes(rememberedTag.recommend, content);
  writer.doubles(rememberedTag.gates, answer.gates);
  return writer.finish();
}

/** Rare: by the generated encoder, which knows every field. */
function encodeExplained(answer: Recommendation): Uint8Array {
  const shared = { ...answer, requestId: '', cached: false };
  const { timings: _timings, ...message } = recommendationToWire(shared);
  return encodeMessage(message, chorus.v1.RecommendResponse.encode);
}

// Last field first, because the writer goes backwards.
function writeContent(answer: Recommendation): Uint8Array {
  const { bundle, items, experts, degraded, path, unknownCandidates } = answer;
  const writer = new BackwardWriter(contentBytesAtMost(answer));
  for (let index = unknownCandidates.length - 1; index >= 0; index -= 1) {
    writeId(writer, answerTag.unknownCandidates, unknownCandidates[index] ?? '');
  }
  writer.text(answerTag.path, path);
  writer.number(answerTag.degraded, degraded ? 1 : 0);
  for (let index = experts.length - 1; index >= 0; index -= 1) {
    const share = experts[index];
    if (share !== undefined) writeExpert(writer, share);
  }
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index];
    if (item !== undefined) writeItem(writer, item);
  }
  writer.text(answerTag.bundle, bundle);
  return writer.finish();
}

function writeId(writer: BackwardWriter, tag: number, id: string): void {
  // Of a repeated field an empty text counts too, and `text` leaves that out.
  if (id === '') writer.closeMessage(tag, writer.position);
  else writer.text(tag, id);
}

function writeItem(writer: BackwardWriter, { itemId, title, score }: RankedItem): void {
  const end = writer.position;
  writer.double(itemTag.score, score);
  writer.text(itemTag.title, title);
  writer.text(itemTag.itemId, itemId);
  writer.closeMessage(answerTag.items, end);
}

function writeExpert(writer: BackwardWriter, { expert, weight, status }: ExpertShare): void {
  const end = writer.position;
  writer.text(expertTag.status, status);
  writer.double(expertTag.weight, weight);
  writer.text(expertTag.expert, expert);
  writer.closeMessage(answerTag.experts, end);
}

function writeTimings(writer: BackwardWriter, timings: AnswerTimings): void {
  const end = writer.position;
  writer.number(timingsTag.rankUs, timings.rankUs);
  writer.number(timingsTag.expertsUs, timings.expertsUs);
  writer.number(timingsTag.routeUs, timings.routeUs);
  writer.number(timingsTag.featuresUs, timings.featuresUs);
  writer.number(timingsTag.lookupUs, timings.lookupUs);
  writer.number(timingsTag.totalUs, timings.totalUs);
  writer.closeMessage(answerTag.timings, end);
}

function contentBytesAtMost(answer: Recommendation): number {
  const { bundle, items, experts, path, unknownCandidates } = answer;
  let bytes = 64 + 3 * (bundle.length + path.length);
  for (const { itemId, title } of items) bytes += 32 + 3 * (itemId.length + title.length);
  for (const { expert, status } of experts) bytes += 32 + 3 * (expert.length + status.length);
  for (const id of unknownCandidates) bytes += 6 + 3 * id.length;
  return bytes;
}
