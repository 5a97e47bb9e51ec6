import { chorus } from '../../../proto/generated/internal.js';
import type { Presence } from '../../domain/presence.ts';
import type { Reply } from '../../domain/reply.ts';
import type { TaskKey } from '../../domain/task.ts';
import { decodeMessage } from './decode-message.ts';
import { encodeMessage } from './encode-message.ts';
import { presenceFromWire } from './presence-codec.ts';
import { replyFromWire, replyToWire } from './reply-codec.ts';
import { taskKeyOf } from './task-codec.ts';

const wire = chorus.v1;

/** Asks the other side for its monotonic clock. */
interface Ping {
  /** When it was sent, in µs of the asker's monotonic clock. */
  readonly t0Us: number;
}

/** The answer to a ping; with t3, its arrival, the answerer is ahead by ((t1−t0)+(t2−t3))/2. */
export interface Pong extends Ping {
  /** When the ping arrived, in µs of the answerer's monotonic clock. */
  readonly t1Us: number;
  /** When the pong was sent, in µs of the answerer's monotonic clock. */
  readonly t2Us: number;
}

/** What either side of a reply line may add to a frame. */
interface FrameSignals {
  readonly ping?: Ping | undefined;
  readonly pong?: Pong | undefined;
  /** The last frame of a side that leaves on purpose. */
  readonly goodbye?: boolean | undefined;
}

/** Everything that a worker had to say at the end of one event-loop turn. */
export interface WorkerFrame extends FrameSignals {
  readonly workerId: string;
  readonly replies?: readonly Reply[] | undefined;
  readonly presence?: Presence | undefined;
}

/** Everything that an aggregator had to say at the end of one event-loop turn. */
export interface AggregatorFrame extends FrameSignals {
  /** In the first frame of a stream. */
  readonly hello?: { readonly aggregatorId: string } | undefined;
  /** Tasks that nobody waits for any more. */
  readonly cancels?: readonly TaskKey[] | undefined;
}

/** A decoded worker's frame: what the worker left out is an empty list, `undefined` or false. */
export interface ReceivedWorkerFrame extends WorkerFrame {
  readonly replies: readonly Reply[];
  readonly goodbye: boolean;
}

/** A decoded aggregator's frame: what the aggregator left out is an empty list, `undefined` or false. */
export interface ReceivedAggregatorFrame extends AggregatorFrame {
  readonly cancels: readonly TaskKey[];
  readonly goodbye: boolean;
}

/** A worker's frame, as `responseSerialize`-like functions of grpc-js want it. */
export function encodeWorkerFrame(frame: WorkerFrame): Buffer {
  const message: chorus.v1.WorkerFrame.$Properties = { workerId: frame.workerId };
  if (frame.replies) message.replies = frame.replies.map(replyToWire);
  if (frame.presence) message.presence = frame.presence;
  addSignals(message, frame);
  return encodeMessage(message, wire.WorkerFrame.encode);
}

/**
 * The worker's frame in `bytes`. Tensor data of its replies are views of `bytes`.
 * @throws ChorusError `invalid_argument` for bytes that are none
 */
export function decodeWorkerFrame(bytes: Uint8Array): ReceivedWorkerFrame {
  return decodeMessage('chorus.v1.WorkerFrame', bytes, (input) => {
    const frame = wire.WorkerFrame.decode(input);
    return {
      workerId: frame.workerId,
      replies: frame.replies.map(replyFromWire),
      presence: frame.presence ? presenceFromWire(frame.presence) : undefined,
      ...signalsFrom(frame),
    };
  });
}

/** An aggregator's frame, as `responseSerialize`-like functions of grpc-js want it. */
export function encodeAggregatorFrame(frame: AggregatorFrame): Buffer {
  const message: chorus.v1.AggregatorFrame.$Properties = {};
  if (frame.hello) message.hello = frame.hello;
  if (frame.cancels) message.cancels = frame.cancels;
  addSignals(message, frame);
  return encodeMessage(message, wire.AggregatorFrame.encode);
}

/**
 * The aggregator's frame in `bytes`.
 * @throws ChorusError `invalid_argument` for bytes that are none
 */
export function decodeAggregatorFrame(bytes: Uint8Array): ReceivedAggregatorFrame {
  return decodeMessage('chorus.v1.AggregatorFrame', bytes, (input) => {
    const frame = wire.AggregatorFrame.decode(input);
    return {
      hello: frame.hello ? { aggregatorId: frame.hello.aggregatorId } : undefined,
      cancels: frame.cancels.map(taskKeyOf),
      ...signalsFrom(frame),
    };
  });
}

type WireSignals = Pick<chorus.v1.WorkerFrame.$Properties, 'ping' | 'pong' | 'goodbye'>;

function addSignals(message: WireSignals, { ping, pong, goodbye }: FrameSignals): void {
  if (ping) message.ping = ping;
  if (pong) message.pong = pong;
  if (goodbye) message.goodbye = true;
}

function signalsFrom({ ping, pong, goodbye }: WireSignals): FrameSignals & { goodbye: boolean } {
  return {
    ping: ping ? { t0Us: ping.t0Us ?? 0 } : undefined,
    pong: pong ? { t0Us: pong.t0Us ?? 0, t1Us: pong.t1Us ?? 0, t2Us: pong.t2Us ?? 0 } : undefined,
    goodbye: goodbye ?? false,
  };
}
