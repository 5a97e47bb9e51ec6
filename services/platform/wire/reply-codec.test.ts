import { describe, expect, it } from 'vitest';
import { chorus } from '../../../proto/generated/internal.js';
import type { Reply } from '../../domain/reply.ts';
import { floatsOf, floatTensor } from '../../domain/tensor.ts';
import { decodeReply, encodeReply } from './reply-codec.ts';

const reply: Reply = {
  requestId: 'r1',
  attempt: 2,
  expert: '3',
  delivery: 1,
  mixture: 'recommender',
  bundle: 'v1',
  workerId: 'w1',
  tensors: [],
  textDelta: 'é',
  last: false,
  timings: { queueUs: 120, runUs: 0, batchRows: 8 },
};

describe('a reply on the wire', () => {
  it('comes back as it was', () => {
    expect(decodeReply(encodeReply(reply))).toStrictEqual(reply);
    const failed: Reply = { ...reply, error: { code: 'unknown_bundle', message: 'no v1 here' } };
    expect(decodeReply(encodeReply(failed))).toStrictEqual(failed);
  });

  it('carries its tensors', () => {
    const tensors = [floatTensor('z', [1, 2], Float32Array.of(0.5, -1))];
    const [z] = decodeReply(encodeReply({ ...reply, tensors })).tensors;
    expect(z).toMatchObject({ name: 'z', dtype: 'float32', shape: [1, 2] });
    expect(z && [...floatsOf(z)]).toEqual([0.5, -1]);
  });

  it('has no negative duration', () => {
    const timings = { queueUs: -3, runUs: 2.75, batchRows: 1 };
    expect(decodeReply(encodeReply({ ...reply, timings })).timings).toEqual({
      queueUs: 0,
      runUs: 2,
      batchRows: 1,
    });
  });

  it('counts an error of a newer worker as internal and keeps its message', () => {
    const error = { code: 'toString', message: 'too warm' };
    const bytes = chorus.v1.Reply.encode({ error }).finish();
    expect(decodeReply(bytes).error).toEqual({ code: 'internal', message: 'too warm' });
  });

  it('has zero timings when the worker sent none', () => {
    const { timings } = decodeReply(Buffer.alloc(0));
    expect(timings).toEqual({ queueUs: 0, runUs: 0, batchRows: 0 });
  });

  it('says which message did not decode', () => {
    expect(() => decodeReply(Buffer.from('0a05ff', 'hex'))).toThrow(/chorus\.v1\.Reply/);
  });
});
