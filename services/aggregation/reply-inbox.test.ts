import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Reply } from '../domain/reply.ts';
import { RealClock } from '../platform/clock/real-clock.ts';
import { type Expectation, ReplyInbox } from './reply-inbox.ts';

const expectation: Expectation = {
  requestId: 'r',
  attempt: 0,
  bundle: 'b',
  experts: ['1', '2'],
  waitMs: 5000,
};

test('is done with the last expected reply', async () => {
  const inbox = new ReplyInbox(new RealClock());
  const collecting = inbox.collect(expectation);
  inbox.deliver(reply('2'));
  inbox.deliver(reply('1'));
  const { replies, late } = await collecting;
  expect(replies.map(({ expert }) => expert)).toEqual(['2', '1']);
  expect(late).toEqual([]);
  expect(inbox.size).toBe(0);
});

test('at the end of the wait it gives what has come and names who is late', async () => {
  const inbox = new ReplyInbox(new RealClock());
  const collecting = inbox.collect({ ...expectation, waitMs: 5 });
  inbox.deliver(reply('1'));
  const { replies, late } = await collecting;
  expect(replies.map(({ expert }) => expert)).toEqual(['1']);
  expect(late).toEqual(['2']);
});

test('a failure is not waited for', async () => {
  const inbox = new ReplyInbox(new RealClock());
  const collecting = inbox.collect(expectation);
  inbox.deliver(reply('1'));
  inbox.deliver({ ...reply('2'), error: { code: 'model_failed', message: 'broke' } });
  const { failures } = await collecting;
  expect(failures.get('2')).toEqual({ code: 'model_failed', message: 'broke' });
});

test('a reply of another bundle or another attempt is not taken', async () => {
  const inbox = new ReplyInbox(new RealClock());
  const collecting = inbox.collect({ ...expectation, waitMs: 5 });
  inbox.deliver({ ...reply('1'), bundle: 'old' });
  inbox.deliver({ ...reply('2'), attempt: 1 });
  expect((await collecting).replies).toEqual([]);
});

test('nobody asked: done at once', async () => {
  const inbox = new ReplyInbox(new RealClock());
  expect(await inbox.collect({ ...expectation, experts: [] })).toMatchObject({ replies: [] });
});

test('whatever arrives in whatever order, each expert counts at most once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('1', '2', '3')), async (arrivals) => {
      const inbox = new ReplyInbox(new RealClock());
      const collecting = inbox.collect({ ...expectation, waitMs: 1 });
      for (const expert of arrivals) inbox.deliver(reply(expert));
      const { replies, late } = await collecting;
      const answered = replies.map(({ expert }) => expert);
      expect(new Set(answered).size).toBe(answered.length);
      expect([...answered, ...late].toSorted()).toEqual(['1', '2']);
    }),
    { numRuns: 200 },
  );
});

function reply(expert: string): Reply {
  return {
    requestId: 'r',
    attempt: 0,
    expert,
    delivery: 1,
    mixture: 'recommender',
    bundle: 'b',
    workerId: 'w',
    tensors: [],
    textDelta: '',
    last: true,
    timings: { queueUs: 0, runUs: 0, batchRows: 1 },
  };
}
