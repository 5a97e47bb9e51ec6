import { describe, expect, it } from 'vitest';
import type { Presence } from '../../domain/presence.ts';
import type { Reply } from '../../domain/reply.ts';
import {
  decodeAggregatorFrame,
  decodeWorkerFrame,
  encodeAggregatorFrame,
  encodeWorkerFrame,
} from './frame-codec.ts';
import { decodePresence, encodePresence } from './presence-codec.ts';

const presence: Presence = {
  workerId: 'w1',
  slot: 0,
  experts: [{ mixture: 'recommender', expert: '1' }],
  readyBundles: [{ mixture: 'recommender', bundle: 'v1' }],
  load: { inFlight: 0, queued: 3, capacity: 32 },
};

const reply: Reply = {
  requestId: 'r1',
  attempt: 0,
  expert: '3',
  delivery: 1,
  mixture: 'recommender',
  bundle: 'v1',
  workerId: 'w1',
  tensors: [],
  textDelta: '',
  last: true,
  timings: { queueUs: 1, runUs: 2, batchRows: 3 },
};

describe('a frame of the reply line', () => {
  it('brings everything that a worker had to say', () => {
    const frame = {
      workerId: 'w1',
      replies: [reply, { ...reply, expert: '4' }],
      presence,
      ping: { t0Us: 5 },
      pong: { t0Us: 1, t1Us: -2, t2Us: 3 },
      goodbye: true,
    };
    expect(decodeWorkerFrame(encodeWorkerFrame(frame))).toStrictEqual(frame);
  });

  it('says plainly what a worker left out', () => {
    expect(decodeWorkerFrame(encodeWorkerFrame({ workerId: 'w1' }))).toStrictEqual({
      workerId: 'w1',
      replies: [],
      presence: undefined,
      ping: undefined,
      pong: undefined,
      goodbye: false,
    });
  });

  it('brings everything that an aggregator had to say, of a cancelled task its key alone', () => {
    const key = { requestId: 'r1', attempt: 0, expert: '3' };
    const frame = { hello: { aggregatorId: 'a1' }, ping: { t0Us: 0 } };
    const bytes = encodeAggregatorFrame({ ...frame, cancels: [reply] });
    expect(decodeAggregatorFrame(bytes)).toStrictEqual({
      ...frame,
      cancels: [key],
      pong: undefined,
      goodbye: false,
    });
  });

  it('says which message did not decode', () => {
    const bytes = Buffer.from('ffff', 'hex');
    expect(() => decodeWorkerFrame(bytes)).toThrow(/chorus\.v1\.WorkerFrame/);
    expect(() => decodeAggregatorFrame(bytes)).toThrow(/chorus\.v1\.AggregatorFrame/);
    expect(() => decodePresence(bytes)).toThrow(/chorus\.v1\.Presence/);
  });
});

describe('presence alone', () => {
  it('comes back as it was', () => {
    expect(decodePresence(encodePresence(presence))).toStrictEqual(presence);
  });
});
