import { describe, expect, it } from 'vitest';
import { RealClock } from '../../clock/real-clock.ts';
import type { LogRecord } from '../event-log.ts';
import { GroupDelivery } from '../group-delivery.ts';
import { PartitionLane } from './partition-lane.ts';

const record = (offset: number): LogRecord => ({
  topic: 't',
  partition: 0,
  offset,
  key: 'k',
  value: new Uint8Array(0),
  headers: {},
  timeMs: 0,
});
const records = (from: number, count: number): LogRecord[] =>
  Array.from({ length: count }, (_, index) => record(from + index));
const topic = { name: 't', partitions: 1, retentionMs: 1000, durable: true, compacted: false };

/** A lane whose handler notes the offsets it gets, and waits at the gate when there is one. */
function laneWith(gate = Promise.resolve()) {
  const seen: number[][] = [];
  const handled: number[] = [];
  const stopping = new AbortController();
  const handle = async (batch: readonly LogRecord[]): Promise<void> => {
    seen.push(batch.map(({ offset }) => offset));
    await gate;
  };
  const delivery = new GroupDelivery(
    { topic, group: 'g', handle },
    async () => undefined,
    new RealClock(),
  );
  const lane = new PartitionLane({
    delivery,
    maxRecords: 3,
    stopping: stopping.signal,
    onHandled: (next) => handled.push(next),
  });
  return { lane, seen, handled, stopping };
}

const noPause = () => () => undefined;

describe('a partition lane', () => {
  it('delivers in order, at most maxRecords at a time', async () => {
    const { lane, seen, handled } = laneWith();
    lane.take(records(0, 5), noPause);
    lane.take(records(5, 2), noPause);
    await lane.idle();
    expect(seen.flat()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(Math.max(...seen.map((batch) => batch.length))).toBe(3);
    expect(handled.at(-1)).toBe(7);
    expect(lane.nextFetch).toBe(7);
  });

  it('takes a record that was fetched twice once', async () => {
    const { lane, seen } = laneWith();
    lane.take(records(0, 3), noPause);
    lane.take(records(1, 4), noPause);
    await lane.idle();
    expect(seen.flat()).toEqual([0, 1, 2, 3, 4]);
  });

  it('pauses the fetching while too many wait, and resumes it', async () => {
    const gate = Promise.withResolvers<void>();
    const { lane } = laneWith(gate.promise);
    const events: string[] = [];
    const pause = () => {
      events.push('pause');
      return () => events.push('resume');
    };
    lane.take(records(0, 3), pause);
    lane.take(records(3, 6), pause);
    lane.take(records(9, 1), pause);
    expect(events).toEqual(['pause']);
    gate.resolve();
    await lane.idle();
    expect(events).toEqual(['pause', 'resume']);
  });

  it('drops its work and reports no progress once it is lost', async () => {
    const gate = Promise.withResolvers<void>();
    const { lane, seen, handled } = laneWith(gate.promise);
    lane.take(records(0, 6), noPause);
    lane.lose();
    gate.resolve();
    await lane.idle();
    expect(seen).toEqual([[0, 1, 2]]);
    expect(handled).toEqual([]);
  });

  it('finishes only the delivery at hand when its member closes', async () => {
    const gate = Promise.withResolvers<void>();
    const { lane, seen, handled, stopping } = laneWith(gate.promise);
    lane.take(records(0, 6), noPause);
    stopping.abort();
    gate.resolve();
    await lane.idle();
    expect(seen).toEqual([[0, 1, 2]]);
    expect(handled).toEqual([3]);
  });
});
