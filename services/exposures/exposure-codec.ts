import type {
  AnswerPath,
  ExpertShare,
  RankedItem,
  Recommendation,
  RecommendRequest,
} from '../domain/recommendation.ts';
import { BackwardWriter } from '../platform/wire/backward-writer.ts';
import { EncodedContents } from '../platform/wire/encoded-contents.ts';

/** What one answer showed, and what tells its record from all others. */
export interface Exposure {
  /** Unique: a record that was written twice counts once. */
  readonly exposureId: string;
  readonly request: RecommendRequest;
  readonly answer: Recommendation;
  /** When it was shown, in ms since the epoch. */
  readonly servedMs: number;
}

// Field numbers of records.proto, as tags: number × 8 + wire type (0 whole number, 1 double, 2 bytes).
const tag = {
  requestId: 0x0a,
  exposureId: 0x12,
  tenant: 0x1a,
  userId: 0x22,
  userVersion: 0x2a,
  itemsVersion: 0x32,
  sessionItemIds: 0x3a,
  bundle: 0x42,
  path: 0x4a,
  experts: 0x52,
  items: 0x5a,
  degraded: 0x60,
  cached: 0x68,
  fromCandidates: 0x70,
  context: 0x7a,
  servedMs: 0x80,
  k: 0x98,
  gates: 0xa2,
} as const;
const itemTag = {
  itemId: 0x0a,
  position: 0x10,
  score: 0x19,
  propensity: 0x21,
  source: 0x2a,
} as const;
const expertTag = { expert: 0x0a, weight: 0x11, status: 0x1a } as const;
const entryTag = { key: 0x0a, value: 0x12 } as const;

/** An exposure as the value of a record: `chorus.v1.Exposure`. */
export function encodeExposure({ exposureId, request, answer, servedMs }: Exposure): Buffer {
  const content = contents.of(answer);
  const writer = new BackwardWriter(content.byteLength + ownBytesAtMost(request, answer));
  writer.large(tag.servedMs, servedMs);
  writeContext(writer, request.context);
  writer.number(tag.fromCandidates, request.candidates === undefined ? 0 : 1);
  writer.number(tag.cached, answer.cached ? 1 : 0);
  // What the answer says itself: in protobuf it does not matter where in a message its fields stand.
  writer.raw(content);
  for (let index = request.session.length - 1; index >= 0; index -= 1) {
    writer.text(tag.sessionItemIds, request.session[index]?.itemId ?? '');
  }
  writer.text(tag.itemsVersion, answer.itemsVersion);
  writer.text(tag.userVersion, answer.userVersion);
  writer.text(tag.userId, request.userId);
  writer.text(tag.tenant, request.tenant);
  writer.text(tag.exposureId, exposureId);
  writer.text(tag.requestId, answer.requestId);
  return writer.finish();
}

/** What is the same each time that an answer is shown. */
const contents = new EncodedContents((answer) => {
  const { bundle, path, experts, items, degraded, gates } = answer;
  const writer = new BackwardWriter(contentBytesAtMost(answer));
  writer.floats(tag.gates, gates);
  writer.number(tag.k, experts.filter(({ status }) => status !== 'absent').length);
  writer.number(tag.degraded, degraded ? 1 : 0);
  for (let index = items.length - 1; index >= 0; index -= 1) {
    writeItem(writer, items[index], index + 1, path);
  }
  for (let index = experts.length - 1; index >= 0; index -= 1) {
    writeExpert(writer, experts[index]);
  }
  writer.text(tag.path, path);
  writer.text(tag.bundle, bundle);
  // A copy, because what is kept with a remembered answer must not keep the buffer that it was cut from.
  return new Uint8Array(writer.finish());
});

function writeItem(
  writer: BackwardWriter,
  item: RankedItem | undefined,
  position: number,
  source: AnswerPath,
): void {
  if (item === undefined) return;
  const end = writer.position;
  writer.text(itemTag.source, source);
  // The ranking draws no lots yet.
  writer.double(itemTag.propensity, 1);
  writer.double(itemTag.score, item.score);
  writer.number(itemTag.position, position);
  writer.text(itemTag.itemId, item.itemId);
  writer.closeMessage(tag.items, end);
}

function writeExpert(writer: BackwardWriter, share: ExpertShare | undefined): void {
  if (share === undefined) return;
  const end = writer.position;
  writer.text(expertTag.status, share.status);
  writer.double(expertTag.weight, share.weight);
  writer.text(expertTag.expert, share.expert);
  writer.closeMessage(tag.experts, end);
}

function writeContext(writer: BackwardWriter, context: RecommendRequest['context']): void {
  for (const [name, value] of Object.entries(context).toReversed()) {
    const end = writer.position;
    writer.text(entryTag.value, value);
    writer.text(entryTag.key, name);
    writer.closeMessage(tag.context, end);
  }
}

function contentBytesAtMost({ bundle, items, experts, gates }: Recommendation): number {
  let bytes = 96 + 3 * bundle.length + 4 * gates.length;
  for (const { itemId } of items) bytes += 48 + 3 * itemId.length;
  for (const { expert } of experts) bytes += 40 + 3 * expert.length;
  return bytes;
}

function ownBytesAtMost(request: RecommendRequest, answer: Recommendation): number {
  const { tenant, userId, session, context } = request;
  const { requestId, userVersion, itemsVersion } = answer;
  let bytes =
    256 +
    3 * (tenant.length + userId.length + requestId.length) +
    3 * (userVersion.length + itemsVersion.length);
  for (const { itemId } of session) bytes += 6 + 3 * itemId.length;
  for (const [name, value] of Object.entries(context))
    bytes += 16 + 3 * (name.length + value.length);
  return bytes;
}
