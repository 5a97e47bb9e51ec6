import type { DataType, Tensor } from '../../domain/tensor.ts';
import type { Reply } from '../../domain/reply.ts';
import { BackwardWriter } from './backward-writer.ts';

// Field numbers of tasks.proto, as tags: number × 8 + wire type (0 whole number, 2 bytes).
const frameTag = { workerId: 0x0a, replies: 0x12 } as const;
const replyTag = {
  requestId: 0x0a,
  attempt: 0x10,
  expert: 0x1a,
  delivery: 0x20,
  mixture: 0x2a,
  bundle: 0x32,
  workerId: 0x3a,
  tensors: 0x42,
  textDelta: 0x4a,
  last: 0x50,
  timings: 0x5a,
  error: 0x62,
} as const;
const tensorTag = { name: 0x0a, dtype: 0x10, shape: 0x1a, data: 0x22 } as const;
const timingsTag = { queueUs: 0x08, runUs: 0x10, batchRows: 0x18 } as const;
const failureTag = { code: 0x0a, message: 0x12 } as const;

const wireTypeOf: Readonly<Record<DataType, number>> = {
  float32: 1,
  int64: 2,
  int32: 3,
  uint8: 4,
  bool: 5,
};

/**
 * A worker's frame that holds nothing but replies, as `encodeWorkerFrame` would make it, in half the
 * time: measured 0.6 against 1.1 µs per reply, a fifth of what a worker's end of the line costs.
 * No other message travels often enough for that to count.
 */
export function encodeReplyFrame(workerId: string, replies: readonly Reply[]): Buffer {
  let capacity = 16 + utf8AtMost(workerId);
  for (const reply of replies) capacity += replyBytesAtMost(reply);
  const writer = new BackwardWriter(capacity);
  for (let index = replies.length - 1; index >= 0; index -= 1) {
    const reply = replies[index];
    if (reply === undefined) continue;
    const end = writer.position;
    writeReply(writer, reply);
    writer.closeMessage(frameTag.replies, end);
  }
  writer.text(frameTag.workerId, workerId);
  return writer.finish();
}

/** No fewer bytes than a reply takes in a frame. The exact size would cost an encoding of its own. */
export function replyBytesAtMost(reply: Reply): number {
  let bytes =
    128 +
    utf8AtMost(reply.requestId) +
    utf8AtMost(reply.expert) +
    utf8AtMost(reply.mixture) +
    utf8AtMost(reply.bundle) +
    utf8AtMost(reply.workerId) +
    utf8AtMost(reply.textDelta) +
    utf8AtMost(reply.error?.message ?? '');
  for (const { name, shape, data } of reply.tensors) {
    bytes += 32 + utf8AtMost(name) + 5 * shape.length + data.byteLength;
  }
  return bytes;
}

// Last field first, because the writer goes backwards.
function writeReply(writer: BackwardWriter, reply: Reply): void {
  const { error, timings, tensors } = reply;
  if (error !== undefined) {
    const end = writer.position;
    writer.text(failureTag.message, error.message);
    writer.text(failureTag.code, error.code);
    writer.closeMessage(replyTag.error, end);
  }
  const end = writer.position;
  writer.number(timingsTag.batchRows, timings.batchRows);
  writer.number(timingsTag.runUs, timings.runUs);
  writer.number(timingsTag.queueUs, timings.queueUs);
  writer.closeMessage(replyTag.timings, end);
  writer.number(replyTag.last, reply.last ? 1 : 0);
  writer.text(replyTag.textDelta, reply.textDelta);
  for (let index = tensors.length - 1; index >= 0; index -= 1) {
    const tensor = tensors[index];
    if (tensor !== undefined) writeTensor(writer, tensor);
  }
  writer.text(replyTag.workerId, reply.workerId);
  writer.text(replyTag.bundle, reply.bundle);
  writer.text(replyTag.mixture, reply.mixture);
  writer.number(replyTag.delivery, reply.delivery);
  writer.text(replyTag.expert, reply.expert);
  writer.number(replyTag.attempt, reply.attempt);
  writer.text(replyTag.requestId, reply.requestId);
}

function writeTensor(writer: BackwardWriter, { name, dtype, shape, data }: Tensor): void {
  const end = writer.position;
  writer.bytes(tensorTag.data, data);
  const shapeEnd = writer.position;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) writer.varint(shape[axis] ?? 0);
  if (shape.length > 0) writer.closeMessage(tensorTag.shape, shapeEnd);
  writer.number(tensorTag.dtype, wireTypeOf[dtype]);
  writer.text(tensorTag.name, name);
  writer.closeMessage(replyTag.tensors, end);
}

function utf8AtMost(text: string): number {
  return 3 * text.length;
}
