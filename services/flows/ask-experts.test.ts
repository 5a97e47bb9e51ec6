import { expect, test } from 'vitest';
import { PresenceBoard } from '../dispatch/presence-board.ts';
import type { TaskDraft, TaskKey } from '../domain/task.ts';
import { RealClock } from '../platform/clock/real-clock.ts';
import type { EventLog, OutgoingRecord } from '../platform/event-log/event-log.ts';
import { RealRandom } from '../platform/random/real-random.ts';
import { AskExperts } from './ask-experts.ts';

const clock = new RealClock();
const reason = new Error('the caller hung up');

/** One worker that has every expert and never says a word, and the log that leads to it. */
class SilentWorker {
  readonly published: OutgoingRecord[] = [];
  readonly cancelled: TaskKey[] = [];
  readonly experts: AskExperts;

  constructor() {
    const board = new PresenceBoard(new RealRandom());
    const log: Pick<EventLog, 'publish'> = {
      publish: async (records) => void this.published.push(...records),
    };
    const line = {
      aggregatorId: 'a',
      open: async () => undefined,
      cancel: (_worker: string, keys: readonly TaskKey[]) => void this.cancelled.push(...keys),
      close: async () => undefined,
    };
    this.experts = new AskExperts({ log, line, board, clock });
    board.update({
      workerId: 'w',
      slot: 0,
      experts: ['1', '2'].map((expert) => ({ mixture: 'm', expert })),
      readyBundles: [{ mixture: 'm', bundle: 'b' }],
      load: { inFlight: 0, queued: 0, capacity: 32 },
    });
  }
}

test('for somebody who left before, nothing is sent', async () => {
  const worker = new SilentWorker();
  const collected = await worker.experts.run(tasks(), 10_000, AbortSignal.abort(reason));
  expect(collected).toEqual({ replies: [], failures: new Map(), late: ['1', '2'] });
  expect(worker.published).toEqual([]);
  expect(worker.experts.inFlight).toBe(0);
});

test('somebody who leaves while experts work ends the waiting, and the worker hears so', async () => {
  const worker = new SilentWorker();
  const caller = new AbortController();
  const asking = worker.experts.run(tasks(), 10_000, caller.signal);
  await expect.poll(() => worker.published).toHaveLength(2);
  caller.abort(reason);
  expect((await asking).late).toEqual(['1', '2']);
  expect(worker.cancelled.map(({ expert }) => expert)).toEqual(['1', '2']);
  expect(worker.experts.inFlight).toBe(0);
});

function tasks(): readonly TaskDraft[] {
  return ['1', '2'].map((expert) => ({
    requestId: 'r',
    attempt: 0,
    expert,
    tenant: 'public',
    mixture: 'm',
    bundle: 'b',
    lane: 'interactive',
    traceParent: '',
    tensors: [],
    deadlineUs: clock.monotonicUs() + 10_000_000,
  }));
}
