import {
  array,
  assert,
  boolean,
  constantFrom,
  option,
  property,
  record,
  string,
  uint8Array,
  nat,
} from 'fast-check';
import { expect, test } from 'vitest';
import type { Reply } from '../../domain/reply.ts';
import { decodeWorkerFrame, encodeWorkerFrame } from './frame-codec.ts';
import { encodeReplyFrame, replyBytesAtMost } from './reply-frame-writer.ts';

const uint32 = nat({ max: 0xffff_ffff });
const text = string({ unit: 'grapheme', maxLength: 90 });

const anyReply = record({
  requestId: text,
  attempt: uint32,
  expert: text,
  delivery: uint32,
  mixture: text,
  bundle: text,
  workerId: text,
  tensors: array(
    record({
      name: text,
      dtype: constantFrom('float32', 'int64', 'int32', 'uint8', 'bool'),
      shape: array(uint32, { maxLength: 4 }),
      data: uint8Array({ maxLength: 300 }),
    }),
    { maxLength: 3 },
  ),
  textDelta: text,
  last: boolean(),
  timings: record({ queueUs: uint32, runUs: uint32, batchRows: uint32 }),
  error: option(record({ code: constantFrom('internal', 'poison'), message: text }), {
    nil: undefined,
  }),
});

test('any replies read the same as from the generated encoder, and take no more than foretold', () => {
  assert(
    property(text, array(anyReply, { maxLength: 5 }), (workerId, replies: Reply[]) => {
      const written = encodeReplyFrame(workerId, replies);
      const generated = encodeWorkerFrame({ workerId, replies });
      expect(decodeWorkerFrame(written)).toEqual(decodeWorkerFrame(generated));
      const room = replies.reduce((sum, reply) => sum + replyBytesAtMost(reply), 0);
      expect(written.length).toBeLessThanOrEqual(16 + 3 * workerId.length + room);
    }),
  );
});

test('durations are whole µs, not below 0', () => {
  const reply: Reply = {
    requestId: 'a',
    attempt: 0,
    expert: '1',
    delivery: 1,
    mixture: 'recommender',
    bundle: 'v1',
    workerId: 'w',
    tensors: [],
    textDelta: '',
    last: true,
    timings: { queueUs: -3, runUs: 12.9, batchRows: 1 },
  };
  const { replies } = decodeWorkerFrame(encodeReplyFrame('w', [reply]));
  expect(replies).toEqual([{ ...reply, timings: { queueUs: 0, runUs: 12, batchRows: 1 } }]);
});
