import type { Reply } from '../../domain/reply.ts';
import { frameBytes, maxMessageBytes } from '../aggregator-link/raw-stream.ts';
import { replyBytesAtMost } from '../wire/reply-frame-writer.ts';

const roomForTheRest = 4096;

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
    const reply = fitting(each);
    const size = replyBytesAtMost(reply);
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

function fitting(reply: Reply): Reply {
  const size = replyBytesAtMost(reply);
  const limit = maxMessageBytes - roomForTheRest;
  if (size <= limit) return reply;
  const message = `The reply has up to ${size} bytes, a reply line carries ${limit}`;
  return {
    ...reply,
    tensors: [],
    textDelta: '',
    last: true,
    error: { code: 'too_large', message },
  };
}
