import { expect, test } from 'vitest';
import type { Presence } from '../domain/presence.ts';
import type { Reply, TaskFailure } from '../domain/reply.ts';
import type { TaskDraft, TaskKey } from '../domain/task.ts';
import { RealClock } from '../platform/clock/real-clock.ts';
import type { EventLog, OutgoingRecord } from '../platform/event-log/event-log.ts';
import { RealRandom } from '../platform/random/real-random.ts';
import { decodeTask } from '../platform/wire/task-codec.ts';
import { Dispatcher } from './dispatcher.ts';
import { PresenceBoard } from './presence-board.ts';

/** Remembers what was published, or fails as a lost broker would. */
class PublishedRecords implements Pick<EventLog, 'publish'> {
  readonly records: OutgoingRecord[] = [];
  isDown = false;

  async publish(records: readonly OutgoingRecord[]): Promise<void> {
    if (this.isDown) throw new Error('no broker');
    this.records.push(...records);
    await Promise.resolve();
  }
}

function setUp() {
  const log = new PublishedRecords();
  const board = new PresenceBoard(new RealRandom());
  const failures: { key: TaskKey; failure: TaskFailure }[] = [];
  const parts = {
    log,
    board,
    clock: new RealClock(),
    aggregatorId: 'a',
  };
  const dispatcher = new Dispatcher(parts, (key, failure) => failures.push({ key, failure }));
  return { log, board, failures, dispatcher };
}

test('a task goes to the slot of an owner, addressed to it', () => {
  const { log, board, dispatcher } = setUp();
  board.update(worker('w1', 3));
  dispatcher.dispatch([draft('1')]);
  expect(log.records).toHaveLength(1);
  const [record] = log.records;
  expect(record).toMatchObject({ partition: 3, headers: { worker: 'w1' }, key: 'r' });
  expect(record?.topic.name).toBe('moe.tasks.recommender.1');
  const task = decodeTask(record?.value ?? new Uint8Array());
  expect(task).toMatchObject({ delivery: 1, aggregatorId: 'a', workerId: 'w1', bundle: 'b' });
  expect(task.budgetMs).toBeGreaterThan(0);
});

test('nobody present: the task fails at once as unavailable', () => {
  const { log, failures, dispatcher } = setUp();
  dispatcher.dispatch([draft('1')]);
  expect(log.records).toEqual([]);
  expect(failures[0]?.failure.code).toBe('unavailable');
});

test('a broken worker’s open tasks go to another owner, with the next delivery', () => {
  const { log, board, dispatcher } = setUp();
  board.update(worker('w1', 0));
  dispatcher.dispatch([draft('1'), draft('2')]);
  dispatcher.answered(reply(draft('2')));
  board.update(worker('w2', 1));
  board.remove('w1');
  dispatcher.resend('w1');
  expect(log.records).toHaveLength(3);
  expect(log.records[2]).toMatchObject({ partition: 1, headers: { worker: 'w2' } });
  expect(decodeTask(log.records[2]?.value ?? new Uint8Array())).toMatchObject({
    expert: '1',
    delivery: 2,
  });
});

test('a task that broke two workers is poison', () => {
  const { board, failures, dispatcher } = setUp();
  board.update(worker('w1', 0));
  dispatcher.dispatch([draft('1')]);
  for (const [gone, next] of [
    ['w1', 'w2'],
    ['w2', 'w3'],
  ] as const) {
    board.update(worker(next, 1));
    board.remove(gone);
    dispatcher.resend(gone);
  }
  expect(failures.map(({ failure }) => failure.code)).toEqual(['poison']);
});

test('a lost broker fails the tasks of that publish and forgets them', async () => {
  const { log, board, failures, dispatcher } = setUp();
  board.update(worker('w1', 0));
  log.isDown = true;
  dispatcher.dispatch([draft('1')]);
  await expect.poll(() => failures.length).toBe(1);
  expect(failures[0]?.failure).toEqual({ code: 'unavailable', message: 'no broker' });
  expect(dispatcher.abandon(draft('1'))).toBeUndefined();
});

test('the less loaded of two owners gets the task', () => {
  const { log, board, dispatcher } = setUp();
  board.update(worker('busy', 0, 1000));
  board.update(worker('idle', 1));
  for (let request = 0; request < 50; request += 1) {
    dispatcher.dispatch([{ ...draft('1'), requestId: `r${request}` }]);
  }
  expect(new Set(workersOf(log))).toEqual(new Set(['idle']));
});

test('a worker that let a task run late is spared while another one answers', () => {
  const { log, board, dispatcher } = setUp();
  board.update(worker('w1', 0));
  board.update(worker('w2', 1));
  dispatcher.dispatch([draft('1')]);
  const late = dispatcher.abandon(draft('1'));
  for (let request = 0; request < 50; request += 1) {
    const next = { ...draft('1'), requestId: `r${request}` };
    dispatcher.dispatch([next]);
    dispatcher.answered(reply(next, 2000));
  }
  expect(late).toBe(workersOf(log)[0]);
  expect(workersOf(log).slice(1)).not.toContain(late);
});

test('tasks that leave together share an owner, up to what it takes in a batch', () => {
  const { log, board, dispatcher } = setUp();
  board.update(worker('w1', 0));
  board.update(worker('w2', 1));
  dispatcher.dispatch([draft('1')]);
  dispatcher.answered(reply(draft('1'), 20));
  log.records.length = 0;
  dispatcher.dispatch(
    Array.from({ length: 33 }, (_, index) => ({ ...draft('1'), attempt: index })),
  );
  const [first, ...others] = workersOf(log);
  expect(others.slice(0, 31)).toEqual(Array.from({ length: 31 }, () => first));
  // The one that has more to do already is the worse of the two.
  expect(others[31]).not.toBe(first);
});

test('runs that take long are spread at once', () => {
  const { log, board, dispatcher } = setUp();
  board.update(worker('w1', 0));
  board.update(worker('w2', 1));
  dispatcher.dispatch([draft('1')]);
  dispatcher.answered(reply(draft('1'), 50_000));
  log.records.length = 0;
  dispatcher.dispatch([draft('1'), { ...draft('1'), requestId: 'other' }]);
  expect(new Set(workersOf(log))).toEqual(new Set(['w1', 'w2']));
});

function reply(of: TaskDraft, runUs = 0): Reply {
  return {
    requestId: of.requestId,
    attempt: of.attempt,
    expert: of.expert,
    mixture: of.mixture,
    bundle: of.bundle,
    delivery: 1,
    workerId: 'w',
    tensors: [],
    textDelta: '',
    last: true,
    timings: { queueUs: 0, runUs, batchRows: 1 },
  };
}

function workersOf({ records }: PublishedRecords): (string | undefined)[] {
  return records.map(({ headers }) => headers?.['worker']);
}

function worker(workerId: string, slot: number, queued = 0): Presence {
  return {
    workerId,
    slot,
    experts: ['1', '2'].map((expert) => ({ mixture: 'recommender', expert })),
    readyBundles: [{ mixture: 'recommender', bundle: 'b' }],
    load: { inFlight: 0, queued, capacity: 32 },
  };
}

function draft(expert: string): TaskDraft {
  return {
    requestId: 'r',
    attempt: 0,
    expert,
    tenant: 'public',
    mixture: 'recommender',
    bundle: 'b',
    lane: 'interactive',
    traceParent: '',
    tensors: [],
    deadlineUs: new RealClock().monotonicUs() + 500_000,
  };
}
