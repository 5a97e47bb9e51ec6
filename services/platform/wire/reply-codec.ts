import { chorus } from '../../../proto/generated/internal.js';
import type { Reply, TaskFailure } from '../../domain/reply.ts';
import { decodeMessage } from './decode-message.ts';
import { encodeMessage } from './encode-message.ts';
import { errorCodeOf } from './error-code.ts';
import { tensorFromWire, tensorToWire } from './tensor-codec.ts';

const wire = chorus.v1;

/** A reply alone; on the reply line many travel in one frame (`frame-codec.ts`). */
export function encodeReply(reply: Reply): Buffer {
  return encodeMessage(replyToWire(reply), wire.Reply.encode);
}

/**
 * The reply in `bytes`. Its tensors' data are views of `bytes`.
 * @throws ChorusError `invalid_argument` for bytes that are no reply or an unknown element type
 */
export function decodeReply(bytes: Uint8Array): Reply {
  return decodeMessage('chorus.v1.Reply', bytes, (input) =>
    replyFromWire(wire.Reply.decode(input)),
  );
}

/** A reply as the generated encoder takes it. Timings are whole µs, cut and not below 0. */
export function replyToWire(reply: Reply): chorus.v1.Reply.$Properties {
  const { timings } = reply;
  const message: chorus.v1.Reply.$Properties = {
    requestId: reply.requestId,
    attempt: reply.attempt,
    expert: reply.expert,
    delivery: reply.delivery,
    mixture: reply.mixture,
    bundle: reply.bundle,
    workerId: reply.workerId,
    tensors: reply.tensors.map(tensorToWire),
    textDelta: reply.textDelta,
    last: reply.last,
    timings: {
      // A negative duration, of clocks that drift, would wrap round to 71 minutes.
      queueUs: Math.max(0, timings.queueUs),
      runUs: Math.max(0, timings.runUs),
      batchRows: timings.batchRows,
    },
  };
  if (reply.error) message.error = reply.error;
  return message;
}

/** The domain's reply of a decoded one. Its tensors' data are views of the frame that it came in. */
export function replyFromWire(reply: chorus.v1.Reply): Reply {
  const { timings, error } = reply;
  const read = {
    requestId: reply.requestId,
    attempt: reply.attempt,
    expert: reply.expert,
    delivery: reply.delivery,
    mixture: reply.mixture,
    bundle: reply.bundle,
    workerId: reply.workerId,
    tensors: reply.tensors.map(tensorFromWire),
    textDelta: reply.textDelta,
    last: reply.last,
    timings: {
      queueUs: timings?.queueUs ?? 0,
      runUs: timings?.runUs ?? 0,
      batchRows: timings?.batchRows ?? 0,
    },
  };
  return error ? { ...read, error: failureFromWire(error) } : read;
}

function failureFromWire(error: chorus.v1.TaskFailure): TaskFailure {
  return { code: errorCodeOf(error.code), message: error.message };
}
