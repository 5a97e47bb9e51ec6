import { describe, expect, it, vi } from 'vitest';
import { deadTopic, feedbackTopic } from '../../domain/topics.ts';
import { RealClock } from '../clock/real-clock.ts';
import { maxDeliveries, type LogRecord, type OutgoingRecord } from './event-log.ts';
import { GroupDelivery } from './group-delivery.ts';

const record = (offset: number): LogRecord => ({
  topic: feedbackTopic.name,
  partition: 3,
  offset,
  key: `k${offset}`,
  value: new Uint8Array([offset]),
  headers: { trace: 't' },
  timeMs: 0,
});
const batch = [record(10), record(11), record(14)];

/** A clock that does not wait, so that back-offs cost nothing. */
class HastyClock extends RealClock {
  readonly waits: number[] = [];
  override async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    this.waits.push(delayMs);
    signal?.throwIfAborted();
  }
}

function setUp(handle: (records: readonly LogRecord[], signal: AbortSignal) => Promise<void>) {
  const dead: OutgoingRecord[] = [];
  const offered: number[][] = [];
  const reached: number[] = [];
  const clock = new HastyClock();
  const [lost, stopping] = [new AbortController(), new AbortController()];
  const reader = {
    topic: feedbackTopic,
    group: 'g',
    handle: async (records: readonly LogRecord[], signal: AbortSignal) => {
      offered.push(records.map(({ offset }) => offset));
      await handle(records, signal);
    },
  };
  const publishDead = vi.fn<(one: OutgoingRecord) => Promise<void>>(async (one) => {
    dead.push(one);
  });
  const delivery = new GroupDelivery(reader, publishDead, clock);
  const end = { lost: lost.signal, stopping: stopping.signal };
  const deliver = async () => delivery.deliver(batch, end, (offset) => reached.push(offset));
  return { deliver, publishDead, dead, offered, reached, clock, lost, stopping };
}

describe('GroupDelivery', () => {
  it('offers a batch once when it is handled', async () => {
    const { deliver, offered, reached, clock } = setUp(async () => undefined);
    await deliver();
    expect(offered).toEqual([[10, 11, 14]]);
    expect(reached).toEqual([15]);
    expect(clock.waits).toEqual([]);
  });

  it('offers it whole again, then record by record, each try later than the one before', async () => {
    const { deliver, offered, reached, clock } = setUp(async (records) => {
      if (records.length > 1) throw new Error('only one at a time');
    });
    await deliver();
    expect(offered).toEqual([[10, 11, 14], [10, 11, 14], [10], [11], [14]]);
    expect(reached).toEqual([11, 12, 15]);
    expect(clock.waits).toEqual(clock.waits.toSorted((left, right) => left - right));
  });

  it('sets aside what failed every delivery, and goes on', async () => {
    const { deliver, dead, offered, reached } = setUp(async (records) => {
      if (records.some(({ offset }) => offset === 11)) throw new Error('no such item');
    });
    await deliver();
    expect(offered.flat().filter((offset) => offset === 11)).toHaveLength(maxDeliveries);
    expect(reached).toEqual([11, 12, 15]);
    expect(dead).toEqual([
      {
        topic: deadTopic(feedbackTopic),
        partition: 3,
        key: 'k11',
        value: new Uint8Array([11]),
        headers: {
          trace: 't',
          'dead-topic': feedbackTopic.name,
          'dead-partition': '3',
          'dead-offset': '11',
          'dead-group': 'g',
          'dead-reason': 'no such item',
        },
      },
    ]);
  });

  it('loses no poison record while the dead topic cannot be reached', async () => {
    const { deliver, publishDead, dead, reached } = setUp(async () => {
      throw new Error('always');
    });
    publishDead.mockRejectedValueOnce(new Error('down')).mockRejectedValueOnce(new Error('down'));
    await deliver();
    expect(dead.map(({ key }) => key)).toEqual(['k10', 'k11', 'k14']);
    expect(reached).toEqual([11, 12, 15]);
  });

  it('offers nothing more once it is stopped, and counts what was handled', async () => {
    const { deliver, offered, reached, stopping } = setUp(async (records) => {
      if (records.length > 1) throw new Error('only one at a time');
      stopping.abort();
    });
    await deliver();
    expect(offered).toEqual([[10, 11, 14], [10, 11, 14], [10]]);
    expect(reached).toEqual([11]);
  });

  it('tells the handler when the partition is lost, and sets nothing aside for it', async () => {
    const { deliver, dead, reached, lost } = setUp(async (records, signal) => {
      if (records.length > 1) throw new Error('only one at a time');
      lost.abort();
      signal.throwIfAborted();
    });
    await deliver();
    expect(dead).toEqual([]);
    expect(reached).toEqual([]);
  });

  it('does not set a record aside when the partition is lost in its last delivery', async () => {
    let offers = 0;
    const { deliver, dead, lost } = setUp(async () => {
      offers += 1;
      if (offers === maxDeliveries) lost.abort();
      throw new Error('always');
    });
    await deliver();
    expect(offers).toBe(maxDeliveries);
    expect(dead).toEqual([]);
  });
});
