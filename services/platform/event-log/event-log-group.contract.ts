/* oxlint-disable no-await-in-loop -- the order of the calls is what is tested */
import { describe, expect, it } from 'vitest';
import { deadTopic } from '../../domain/topics.ts';
import { maxDeliveries } from './event-log.ts';
import { Notes, text, texts, uniqueName, type LogUnderTest } from './log-under-test.contract.ts';

/** Reading a topic together, with stored positions. */
export function groupContract(get: () => LogUnderTest): void {
  describe.each([
    { kind: 'durable', durable: true },
    { kind: 'not durable', durable: false },
  ])('on a topic that is $kind', ({ durable }) => {
    it('begin at the oldest record and go on with new ones', async () => {
      const topic = await get().topic({ durable });
      await get().publish(topic, texts(5, 'old'));
      const notes = new Notes();
      const member = await get().join(topic, uniqueName('group'), notes);
      await get().eventually(() => notes.texts, texts(5, 'old'));
      await get().publish(topic, texts(5, 'new'));
      await get().eventually(() => notes.texts, [...texts(5, 'old'), ...texts(5, 'new')]);
      await member.close();
    });

    it('get everything each', async () => {
      const topic = await get().topic({ durable });
      const notes = [new Notes(), new Notes()];
      const members = await Promise.all(
        notes.map(async (each) => get().join(topic, uniqueName('group'), each)),
      );
      await get().publish(topic, texts(10));
      await get().eventually(() => notes.map((each) => each.texts), [texts(10), texts(10)]);
      await Promise.all(members.map(async (member) => member.close()));
    });

    it('get calls of one partition each, in order, of at most maxRecords', async () => {
      const topic = await get().topic({ partitions: 3, durable });
      for (const partition of [0, 1, 2]) await get().publish(topic, texts(25), partition);
      const notes = new Notes();
      const member = await get().join(topic, uniqueName('group'), notes, { maxRecords: 10 });
      await get().eventually(() => notes.records.length, 75);
      for (const batch of notes.batches) {
        expect(batch.length).toBeLessThanOrEqual(10);
        expect(new Set(batch.map(({ partition }) => partition)).size).toBe(1);
      }
      for (const partition of [0, 1, 2]) {
        const own = notes.records.filter((record) => record.partition === partition);
        expect(own.map((record) => text(record))).toEqual(texts(25));
      }
      await member.close();
    });

    it('share the partitions between two members, and one takes over from the other', async () => {
      const topic = await get().topic({ partitions: 4, durable });
      const group = uniqueName('group');
      const [first, second] = [new Notes(), new Notes()];
      const leaving = await get().join(topic, group, first);
      const staying = await get().join(topic, group, second);
      const published: string[] = [];
      const publishRound = async (): Promise<void> => {
        const round = texts(4, `${published.length}-`);
        published.push(...round);
        for (const [partition, value] of round.entries()) {
          await get().publish(topic, [value], partition);
        }
      };
      // Until both were given partitions, one of them may own all.
      await get().eventually(async () => {
        await publishRound();
        return [first, second].map((notes) => notes.records.length > 0);
      }, [true, true]);
      await leaving.close();
      const before = first.records.length;
      await publishRound();
      await get().eventually(
        () => new Set([...first.texts, ...second.texts]).size,
        published.length,
      );
      expect(first.records).toHaveLength(before);
      await staying.close();
    });

    it('do not hold up the publisher when they are slow', async () => {
      const topic = await get().topic({ durable });
      const release = Promise.withResolvers<void>();
      const notes = new Notes();
      const member = await get().join(topic, uniqueName('group'), notes, {
        maxRecords: 100,
        handle: async (records) => {
          notes.take(records);
          await release.promise;
        },
      });
      await get().publish(topic, texts(1, 'first'));
      await get().eventually(() => notes.texts, ['first0']);
      for (let call = 0; call < 20; call += 1) await get().publish(topic, texts(100, `${call}-`));
      expect(notes.batches).toHaveLength(1);
      release.resolve();
      await get().eventually(() => notes.records.length, 2001);
      expect(Math.max(...notes.batches.map((batch) => batch.length))).toBeLessThanOrEqual(100);
      expect(notes.texts.at(-1)).toBe('19-99');
      await member.close();
    });

    it('are offered a batch again when its handler threw', async () => {
      const topic = await get().topic({ durable });
      await get().publish(topic, texts(3));
      const [offered, done] = [new Notes(), new Notes()];
      const member = await get().join(topic, uniqueName('group'), done, {
        handle: async (records) => {
          offered.take(records);
          if (offered.batches.length === 1) throw new Error('not yet');
          done.take(records);
        },
      });
      await get().eventually(() => done.texts, texts(3));
      expect(offered.texts.slice(0, 1)).toEqual(['a0']);
      expect(await get().replay(deadTopic(topic))).toEqual([]);
      await member.close();
    });

    it('set a poison record aside with the reason, and the rest goes on', async () => {
      const topic = await get().topic({ partitions: 2, durable });
      await get().log.publish(
        ['good-1', 'poison', 'good-2'].map((key) => ({
          topic,
          partition: 1,
          key,
          value: Buffer.from(key),
          headers: { trace: 'kept' },
        })),
      );
      const group = uniqueName('group');
      const [offered, done] = [new Notes(), new Notes()];
      const member = await get().join(topic, group, done, {
        handle: async (records) => {
          offered.take(records);
          if (records.some((record) => text(record) === 'poison')) throw new Error('no such film');
          done.take(records);
        },
      });
      await get().eventually(() => done.texts, ['good-1', 'good-2']);
      expect(offered.texts.filter((value) => value === 'poison')).toHaveLength(maxDeliveries);
      const [dead, ...more] = await get().replay(deadTopic(topic), 1);
      expect(more).toEqual([]);
      expect(dead).toMatchObject({ key: 'poison' });
      expect(Buffer.from(dead?.value ?? []).toString()).toBe('poison');
      expect(dead?.headers).toEqual({
        trace: 'kept',
        'dead-topic': topic.name,
        'dead-partition': '1',
        'dead-offset': '1',
        'dead-group': group,
        'dead-reason': 'no such film',
      });
      await member.close();
    });

    it('store their position when a member leaves', async () => {
      const topic = await get().topic({ durable });
      const group = uniqueName('group');
      await get().publish(topic, texts(5, 'old'));
      const first = new Notes();
      const leaving = await get().join(topic, group, first);
      await get().eventually(() => first.texts, texts(5, 'old'));
      await Promise.all([leaving.close(), leaving.close()]);
      await get().publish(topic, ['new']);
      const second = new Notes();
      const member = await get().join(topic, group, second);
      await get().eventually(() => second.texts, ['new']);
      await member.close();
    });

    it('wait for the handler in flight when a member leaves', async () => {
      const topic = await get().topic({ durable });
      const group = uniqueName('group');
      await get().publish(topic, texts(3));
      const release = Promise.withResolvers<void>();
      const events: string[] = [];
      const member = await get().join(topic, group, new Notes(), {
        handle: async () => {
          events.push('begun');
          await release.promise;
          events.push('handled');
        },
      });
      await get().eventually(() => events.length, 1);
      const closed = member.close().then(() => events.push('closed'));
      release.resolve();
      await closed;
      expect(events).toEqual(['begun', 'handled', 'closed']);
      await get().publish(topic, ['next']);
      const after = new Notes();
      const next = await get().join(topic, group, after);
      await get().eventually(() => after.texts, ['next']);
      await next.close();
    });
  });

  it('get their records again after a crash between handling and storing', async () => {
    const topic = await get().topic();
    const group = uniqueName('group');
    await get().publish(topic, texts(3));
    const first = new Notes();
    await get().join(topic, group, first, {
      handle: async (records, signal) => {
        first.take(records);
        // Handled, but the process dies before it can say so.
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    });
    await get().eventually(() => first.texts.at(0), 'a0');
    await get().crash();
    await get().log.ensureTopics([topic]);
    const second = new Notes();
    const member = await get().join(topic, group, second);
    await get().eventually(() => second.texts, texts(3));
    await member.close();
  });

  it('store a contiguous prefix: nothing unhandled is skipped after a crash', async () => {
    const topic = await get().topic();
    const group = uniqueName('group');
    await get().publish(topic, texts(10));
    const first = new Notes();
    await get().join(topic, group, first, {
      maxRecords: 1,
      handle: async (records, signal) => {
        first.take(records);
        if (first.records.length < 6) return;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    });
    await get().eventually(() => first.texts, texts(6));
    await get().crash();
    await get().log.ensureTopics([topic]);
    const second = new Notes();
    const member = await get().join(topic, group, second);
    await get().eventually(() => second.texts.at(-1), 'a9');
    const from = texts(10).indexOf(second.texts[0] ?? '');
    expect(from).toBeLessThanOrEqual(5);
    expect(second.texts).toEqual(texts(10).slice(from));
    await member.close();
  });

  it('remember over a restart where they were', async () => {
    const topic = await get().topic();
    const group = uniqueName('group');
    await get().publish(topic, texts(4, 'old'));
    const first = new Notes();
    await get().join(topic, group, first);
    await get().eventually(() => first.texts, texts(4, 'old'));
    await get().restart();
    await get().log.ensureTopics([topic]);
    await get().publish(topic, ['new']);
    const second = new Notes();
    const member = await get().join(topic, group, second);
    await get().eventually(() => second.texts, ['new']);
    await member.close();
  });
}
