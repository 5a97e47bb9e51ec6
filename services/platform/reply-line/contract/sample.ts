import { expect } from 'vitest';
import type { Presence } from '../../../domain/presence.ts';
import type { Reply } from '../../../domain/reply.ts';
import type { TaskKey } from '../../../domain/task.ts';
import type { AggregatorListener, WorkerListener } from '../reply-line.ts';

/** All that an aggregator heard, for a test to look at. */
export interface HeardByAggregator extends AggregatorListener {
  /** `present w1`, `gone w1`, without repetitions of the same word. */
  readonly events: string[];
  readonly presences: Presence[];
  readonly replies: Reply[];
  readonly gone: string[];
  /** Calls of `onReplies`. */
  readonly deliveries: number;
  /** Request ids of the replies. */
  readonly ids: string[];
}

/** An aggregator that remembers what it hears. */
export function aggregatorEars(): HeardByAggregator {
  const events: string[] = [];
  const presences: Presence[] = [];
  const replies: Reply[] = [];
  const gone: string[] = [];
  let deliveries = 0;
  const note = (event: string): void => void (events.at(-1) !== event && events.push(event));
  return {
    events,
    presences,
    replies,
    gone,
    get deliveries() {
      return deliveries;
    },
    get ids() {
      return replies.map((each) => each.requestId);
    },
    onPresence: (presence) => {
      presences.push(presence);
      note(`present ${presence.workerId}`);
    },
    onReplies: (more) => {
      deliveries += 1;
      replies.push(...more.map(comparable));
    },
    onGone: (workerId) => {
      gone.push(workerId);
      events.push(`gone ${workerId}`);
    },
  };
}

// A stream's tensor data are Buffers, which a deep comparison tells from other Uint8Arrays.
function comparable(reply: Reply): Reply {
  const tensors = reply.tensors.map((each) => ({ ...each, data: new Uint8Array(each.data) }));
  return { ...reply, tensors };
}

/** All that a worker heard. */
export interface HeardByWorker extends WorkerListener {
  readonly cancelled: TaskKey[];
  readonly cancelledBy: Set<string>;
  readonly aggregatorsGone: string[];
}

/** A worker that remembers what it hears. */
export function workerEars(): HeardByWorker {
  const cancelled: TaskKey[] = [];
  const cancelledBy = new Set<string>();
  const aggregatorsGone: string[] = [];
  return {
    cancelled,
    cancelledBy,
    aggregatorsGone,
    onCancel: (aggregatorId, tasks) => {
      cancelled.push(...tasks);
      cancelledBy.add(aggregatorId);
    },
    onAggregatorGone: (aggregatorId) => aggregatorsGone.push(aggregatorId),
  };
}

/** A worker of two experts with one bundle. */
export function presenceOf(workerId: string, queued = 0): Presence {
  return {
    workerId,
    slot: 3,
    experts: [
      { mixture: 'recommender', expert: '1' },
      { mixture: 'recommender', expert: '2' },
    ],
    readyBundles: [{ mixture: 'recommender', bundle: 'v1' }],
    load: { inFlight: 1, queued, capacity: 64 },
  };
}

/** A reply of 96 floats, as an expert gives it. */
export function replyOf(requestId: string, change: Partial<Reply> = {}): Reply {
  return { ...bigReply(requestId, 384), ...change };
}

/** A reply with one tensor of so many bytes. */
export function bigReply(requestId: string, bytes: number): Reply {
  return {
    requestId,
    attempt: 0,
    expert: '1',
    delivery: 1,
    mixture: 'recommender',
    bundle: 'v1',
    workerId: 'w1',
    tensors: [
      {
        name: 'z',
        dtype: 'uint8',
        shape: [1, bytes],
        data: new Uint8Array(bytes).fill(bytes % 251),
      },
    ],
    textDelta: '',
    last: true,
    timings: { queueUs: 120, runUs: 300, batchRows: 8 },
  };
}

/** `r0`, `r1`, … */
export function requestIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `r${index}`);
}

/** Waits until something is what it should be, 8 s at most. */
export async function becomes<Value>(look: () => Value, expected: Value): Promise<void> {
  await expect.poll(look, { timeout: 8000, interval: 5 }).toEqual(expected);
}
