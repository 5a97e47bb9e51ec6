import type { Reply } from '../../domain/reply.ts';
import { frameBytes, maxMessageBytes } from '../aggregator-link/raw-stream.ts';
import { replyBytesAtMost } from '../wire/reply-frame-writer.ts';

const roomForTheRest = 4096;
const largestReply = maxMessageBytes - roomForTheRest;

/**
 * Packs replies into frames, in order: as many to a frame as fit into `frameBytes`, a larger one
 * alone. grpc-js ends the whole stream for one message over its limit, so a reply that cannot
 * travel at all goes as `too_large` instead.
 */
export function packReplies(replies: readonly Reply[]): Reply[][] {
  const frames: Reply[][] = [];
  let frame: Reply[] = [];
  let bytes = 0;
  for (const each of replies) {
    const eachBytes = replyBytesAtMost(each);
    const reply = eachBytes <= largestReply ? each : tooLarge(each, eachBytes);
    const size = Math.min(eachBytes, largestReply);
    if (frame.length > 0 && bytes + size > frameBytes) {
      frames.push(frame);
      frame = [];
      bytes = 0;
    }
    frame.push(reply);
    bytes += size;
  }
  if (frame.length > 0) frames.push(frame);
  return frames;
}

function tooLarge(reply: Reply, bytes: number): Reply {
  const message = `The reply has up to ${bytes} bytes, a reply line carries ${largestReply}`;
  return {
    ...reply,
    tensors: [],
    textDelta: '',
    last: true,
    error: { code: 'too_large', message },
  };
}
