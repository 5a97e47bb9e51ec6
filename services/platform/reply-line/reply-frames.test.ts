import { expect, test } from 'vitest';
import { encodeWorkerFrame } from '../wire/frame-codec.ts';
import { bigReply, replyOf, requestIds } from './contract/sample.ts';
import { frameBytes, maxMessageBytes } from '../aggregator-link/raw-stream.ts';
import { packReplies } from './reply-frames.ts';

test('nothing makes no frame', () => {
  expect(packReplies([])).toEqual([]);
});

test('replies of one turn share a frame', () => {
  const replies = requestIds(100).map((id) => replyOf(id));
  expect(packReplies(replies)).toEqual([replies]);
});

test('more than a frame holds goes into several, in order, none larger than promised', () => {
  const replies = requestIds(50).map((id, index) => bigReply(id, 1000 * index));
  const frames = packReplies(replies);
  expect(frames.flat()).toEqual(replies);
  expect(frames.length).toBeGreaterThan(3);
  for (const frame of frames) {
    const { length } = encodeWorkerFrame({ workerId: 'w1', replies: frame });
    expect(length).toBeLessThanOrEqual(frameBytes);
  }
});

test('a reply larger than a frame travels alone', () => {
  const [small, large, last] = [replyOf('a'), bigReply('b', frameBytes * 2), replyOf('c')];
  expect(packReplies([small, large, last])).toEqual([[small], [large], [last]]);
});

test('text counts by the bytes that it may take', () => {
  const textDelta = '語'.repeat(maxMessageBytes / 3);
  const [[reply] = []] = packReplies([replyOf('a', { tensors: [], textDelta })]);
  expect(reply).toMatchObject({ requestId: 'a', textDelta: '', error: { code: 'too_large' } });
});

test('the largest reply that travels fits into one message', () => {
  let bytes = maxMessageBytes;
  const travels = (): boolean => packReplies([bigReply('a', bytes)])[0]?.[0]?.error === undefined;
  while (!travels()) bytes -= 512;
  const { length } = encodeWorkerFrame({
    workerId: 'w'.repeat(100),
    replies: [bigReply('a', bytes)],
  });
  expect(length).toBeLessThanOrEqual(maxMessageBytes);
  expect(length).toBeGreaterThan(maxMessageBytes - 8192);
});
