/* oxlint-disable no-await-in-loop -- the order of the calls is what is tested */
import { describe, expect, it } from 'vitest';
import { RealClock } from '../clock/real-clock.ts';
import { maxRecordBytes, type LogRecord } from './event-log.ts';
import {
  outgoing,
  text,
  texts,
  withCode,
  type EventLogTraits,
  type LogUnderTest,
} from './log-under-test.contract.ts';
import { partitionOfKey } from './partition-of-key.ts';

const clock = new RealClock();

/** Publishing, reading back, and what the log forgets. */
export function recordContract(get: () => LogUnderTest, traits: EventLogTraits): void {
  describe.each([
    { kind: 'durable', durable: true },
    { kind: 'not durable', durable: false },
  ])('of a topic that is $kind', ({ durable }) => {
    it('keep key, value, headers, place and time', async () => {
      const topic = await get().topic({ partitions: 2, durable });
      const before = clock.nowMs();
      const every = Uint8Array.from({ length: 256 }, (_, index) => index);
      const headers = { 'worker-id': 'w-1', empty: '', ünïcödé: '電影 🎬' };
      await get().log.publish([
        { topic, partition: 1, key: 'ключ', value: every.subarray(3), headers },
        { topic, partition: 1, key: '', value: new Uint8Array(0) },
      ]);
      const [first, second] = await get().replay(topic, 1);
      expect(first).toMatchObject({
        topic: topic.name,
        partition: 1,
        offset: 0,
        key: 'ключ',
        headers,
      });
      expect(Array.from(first?.value ?? [])).toEqual(Array.from(every.subarray(3)));
      expect(Math.abs((first?.timeMs ?? 0) - before)).toBeLessThan(60_000);
      expect(second).toMatchObject({ offset: 1, key: '', headers: {} });
      expect(second?.value).toHaveLength(0);
    });

    it('are read in the order in which they were acknowledged', async () => {
      const topic = await get().topic({ durable });
      await get().publish(topic, texts(50, 'a'));
      await get().publish(topic, texts(1, 'b'));
      await get().publish(topic, texts(50, 'c'));
      const records = await get().replay(topic);
      expect(records.map((record) => text(record))).toEqual([
        ...texts(50, 'a'),
        'b0',
        ...texts(50, 'c'),
      ]);
      const offsets = records.map(({ offset }) => offset);
      expect(offsets).toEqual(offsets.toSorted((left, right) => left - right));
    });

    it('go to the partition of their key when none is named', async () => {
      const topic = await get().topic({ partitions: 4, durable });
      const keys = ['', 'u:1', 'ünï', '電影', ...texts(40, 'user-')];
      await get().log.publish(keys.map((key) => ({ topic, key, value: Buffer.from(key) })));
      const found = (
        await Promise.all([0, 1, 2, 3].map(async (partition) => get().replay(topic, partition)))
      ).flat();
      expect(found).toHaveLength(keys.length);
      expect(found.map(({ partition }) => partition)).toEqual(
        found.map(({ key }) => partitionOfKey(key, 4)),
      );
    });

    it('are replayed from an offset to the end of the call, and no further', async () => {
      const topic = await get().topic({ durable });
      await get().publish(topic, texts(5));
      const seen: LogRecord[] = [];
      for await (const record of get().log.replay(topic, 0, 2)) {
        if (seen.length === 0) await get().publish(topic, ['late']);
        seen.push(record);
      }
      expect(seen.map((record) => text(record))).toEqual(['a2', 'a3', 'a4']);
      expect(await get().replay(topic, 0, 6)).toEqual([]);
      expect(await get().replay(topic, 0, 1000)).toEqual([]);
    });

    it('have end offsets', async () => {
      const topic = await get().topic({ partitions: 3, durable });
      expect(await get().log.endOffsets(topic)).toEqual([0, 0, 0]);
      await get().publish(topic, texts(4), 1);
      expect(await get().log.endOffsets(topic)).toEqual([0, 4, 0]);
      expect(await get().replay(topic, 0)).toEqual([]);
    });

    it('that are too large stop their call before anything is sent', async () => {
      const topic = await get().topic({ durable });
      const large = { topic, partition: 0, key: 'large', value: new Uint8Array(maxRecordBytes) };
      await get().log.publish([large]);
      const call = get().log.publish([
        outgoing(topic, 'small', 0),
        { ...large, value: new Uint8Array(maxRecordBytes + 1) },
      ]);
      await expect(call).rejects.toMatchObject(withCode('too_large'));
      expect(await get().log.endOffsets(topic)).toEqual([1]);
      expect((await get().replay(topic))[0]?.value).toHaveLength(maxRecordBytes);
    });

    it.each([-1, 2, 0.5])('are refused for partition %d of two', async (partition) => {
      const topic = await get().topic({ partitions: 2, durable });
      const call = get().log.publish([outgoing(topic, 'lost', partition)]);
      await expect(call).rejects.toMatchObject(withCode('invalid_argument'));
      expect(await get().log.endOffsets(topic)).toEqual([0, 0]);
    });

    it('are not sent when the signal has aborted', async () => {
      const topic = await get().topic({ durable });
      const call = get().log.publish([outgoing(topic, 'late', 0)], AbortSignal.abort());
      await expect(call).rejects.toMatchObject(withCode('cancelled'));
      expect(await get().log.endOffsets(topic)).toEqual([0]);
    });

    it('of one replay may be left unread', async () => {
      const topic = await get().topic({ durable });
      await get().publish(topic, texts(2000));
      for await (const record of get().log.replay(topic, 0, 0)) {
        expect(text(record)).toBe('a0');
        break;
      }
    });
  });

  it('of several topics travel in one call', async () => {
    const [first, second] = [await get().topic(), await get().topic({ durable: false })];
    await get().log.publish([outgoing(first, 'x', 0), outgoing(second, 'y', 0)]);
    await get().log.publish([]);
    expect((await get().replay(first)).map((record) => text(record))).toEqual(['x']);
    expect((await get().replay(second)).map((record) => text(record))).toEqual(['y']);
  });

  it('published by many callers at once are all kept, each call in its order', async () => {
    const topic = await get().topic();
    const callers = texts(20, 'caller-');
    await Promise.all(callers.map(async (caller) => get().publish(topic, texts(10, `${caller}/`))));
    const all = (await get().replay(topic)).map((record) => text(record));
    expect(all).toHaveLength(200);
    for (const caller of callers) {
      const own = all.filter((value) => value.startsWith(`${caller}/`));
      expect(own).toEqual(texts(10, `${caller}/`));
    }
  });

  it('are forgotten after their retention, and offsets go on', async () => {
    const topic = await get().topic({ retentionMs: 200 });
    await get().publish(topic, texts(3, 'old'));
    await clock.sleep(traits.expiryMs + 200);
    // The newest record may be kept for longer, so a fresh one takes its place.
    await get().publish(topic, ['new']);
    await get().eventually(
      async () => (await get().replay(topic)).filter((record) => text(record) !== 'new'),
      [],
    );
    expect((await get().log.endOffsets(topic))[0]).toBe(4);
  });

  it('of a compacted topic keep at least the newest of each key', async () => {
    const topic = await get().topic({ retentionMs: Infinity, compacted: true });
    const put = async (key: string, value: string): Promise<void> =>
      get().log.publish([{ topic, partition: 0, key, value: Buffer.from(value) }]);
    for (const round of ['1', '2', '3']) {
      await put('a', round);
      await put('b', round);
    }
    const newest = new Map((await get().replay(topic)).map((record) => [record.key, text(record)]));
    expect(Object.fromEntries(newest)).toEqual({ a: '3', b: '3' });
  });

  // When a broker compacts is its own business: what can be asked of Kafka is in kafka-only.
  if (!traits.compactsSoon) return;
  it('of a compacted topic keep no older ones', async () => {
    const topic = await get().topic({ retentionMs: Infinity, compacted: true });
    for (const value of texts(5)) {
      await get().log.publish([{ topic, partition: 0, key: 'k', value: Buffer.from(value) }]);
    }
    await get().eventually(
      async () => (await get().replay(topic)).map((record) => text(record)),
      ['a4'],
    );
  });
}
