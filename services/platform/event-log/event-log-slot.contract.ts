import { describe, expect, it } from 'vitest';
import type { Topic } from '../../domain/topics.ts';
import type { SlotReader, Subscription } from './event-log.ts';
import { Notes, outgoing, texts, type LogUnderTest } from './log-under-test.contract.ts';

/** Reading one's own partition of several topics, from the end, without a stored position. */
export function slotContract(get: () => LogUnderTest): void {
  const join = async (
    topics: readonly Topic[],
    partition: number,
    notes: Notes,
    about: Partial<SlotReader> = {},
  ): Promise<Subscription> => {
    const joined = Promise.withResolvers<void>();
    const subscription = await get().log.readSlot({
      topics,
      partition,
      handle: notes.take,
      onJoined: joined.resolve,
      ...about,
    });
    await joined.promise;
    return subscription;
  };

  describe.each([
    { kind: 'durable', durable: true },
    { kind: 'not durable', durable: false },
  ])('of topics that are $kind', ({ durable }) => {
    it('give what is published after joining, of their own partition only', async () => {
      const topic = await get().topic({ partitions: 2, durable });
      await get().publish(topic, ['before'], 1);
      const notes = new Notes();
      const subscription = await join([topic], 1, notes);
      await get().publish(topic, ['elsewhere'], 0);
      await get().publish(topic, texts(20), 1);
      await get().eventually(() => notes.texts, texts(20));
      expect(notes.records[0]).toMatchObject({ topic: topic.name, partition: 1, offset: 1 });
      await subscription.close();
    });

    it('read several topics with one reader', async () => {
      const topics = [
        await get().topic({ partitions: 4, durable }),
        await get().topic({ partitions: 4, durable }),
      ];
      const notes = new Notes();
      const subscription = await join(topics, 3, notes);
      await get().log.publish(topics.map((topic) => outgoing(topic, topic.name, 3)));
      await get().eventually(
        () => notes.texts.toSorted(),
        topics.map(({ name }) => name).toSorted(),
      );
      await subscription.close();
    });

    it('keep no position: what passed while nobody read is gone', async () => {
      const topic = await get().topic({ durable });
      const first = new Notes();
      await (await join([topic], 0, first)).close();
      await get().publish(topic, ['unread']);
      const second = new Notes();
      const subscription = await join([topic], 0, second);
      await get().publish(topic, ['read']);
      await get().eventually(() => second.texts, ['read']);
      expect(first.texts).toEqual([]);
      await subscription.close();
    });

    it('give two readers of one slot everything each', async () => {
      const topic = await get().topic({ durable });
      const notes = [new Notes(), new Notes()];
      const subscriptions = await Promise.all(notes.map(async (each) => join([topic], 0, each)));
      await get().publish(topic, texts(10));
      await get().eventually(() => notes.map((each) => each.texts), [texts(10), texts(10)]);
      await Promise.all(subscriptions.map(async (subscription) => subscription.close()));
    });

    it('lose no more than its batch when a handler throws', async () => {
      const topic = await get().topic({ durable });
      const notes = new Notes();
      const subscription = await join([topic], 0, notes, {
        handle: (records) => {
          notes.take(records);
          if (notes.batches.length === 1) throw new Error('as if by a bug');
        },
      });
      await get().publish(topic, ['first']);
      await get().eventually(() => notes.texts, ['first']);
      await get().publish(topic, ['second']);
      await get().eventually(() => notes.texts, ['first', 'second']);
      await subscription.close();
    });

    it('give nothing after they were closed, twice if need be', async () => {
      const topic = await get().topic({ durable });
      const [closed, open] = [new Notes(), new Notes()];
      const subscription = await join([topic], 0, closed);
      const other = await join([topic], 0, open);
      await Promise.all([subscription.close(), subscription.close()]);
      await get().publish(topic, ['late']);
      await get().eventually(() => open.texts, ['late']);
      expect(closed.texts).toEqual([]);
      await Promise.all([subscription.close(), other.close()]);
    });
  });
}
