import { expect, it } from 'vitest';
import {
  Notes,
  text,
  texts,
  uniqueName,
  withCode,
  type LogUnderTest,
} from './log-under-test.contract.ts';

/** Topics, restarts, crashes and the end. */
export function lifeContract(get: () => LogUnderTest): void {
  it('creates topics once, and refuses one that has fewer partitions than declared', async () => {
    const topic = await get().topic({ partitions: 2 });
    await get().log.ensureTopics([topic, topic]);
    await get().log.ensureTopics([{ ...topic, partitions: 1 }]);
    expect(await get().log.endOffsets(topic)).toEqual([0, 0]);
    const declaration = get().log.ensureTopics([{ ...topic, partitions: 4 }]);
    await expect(declaration).rejects.toMatchObject({
      ...withCode('bad_setting'),
      message: expect.stringContaining(topic.name),
    });
  });

  it('is healthy while it answers', async () => {
    expect(await get().log.isHealthy()).toBe(true);
  });

  it('keeps acknowledged records and their offsets over a restart', async () => {
    const topic = await get().topic({ partitions: 2 });
    await get().publish(topic, texts(5, 'old'), 1);
    await get().restart();
    await get().log.ensureTopics([topic]);
    expect(await get().log.endOffsets(topic)).toEqual([0, 5]);
    await get().publish(topic, ['new'], 1);
    const records = await get().replay(topic, 1);
    expect(records.map((record) => text(record))).toEqual([...texts(5, 'old'), 'new']);
    expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('keeps acknowledged records over a crash', async () => {
    const topic = await get().topic();
    await get().publish(topic, texts(50));
    await get().crash();
    await get().log.ensureTopics([topic]);
    expect((await get().replay(topic)).map((record) => text(record))).toEqual(texts(50));
  });

  it('finishes sends and handlers in flight when closed while busy, then refuses', async () => {
    const topic = await get().topic();
    const { log } = get();
    await get().publish(topic, texts(2));
    const release = Promise.withResolvers<void>();
    const events: string[] = [];
    await get().join(topic, uniqueName('group'), new Notes(), {
      handle: async () => {
        events.push('begun');
        await release.promise;
        events.push('handled');
      },
    });
    await get().eventually(() => events.length, 1);
    const sent = get().publish(topic, texts(100, 'late'));
    const closed = Promise.all([log.close(), log.close()]).then(() => events.push('closed'));
    await sent;
    release.resolve();
    await closed;
    expect(events).toEqual(['begun', 'handled', 'closed']);
    await log.close();

    const refused = withCode('unavailable');
    await expect(get().publish(topic, ['no'])).rejects.toMatchObject(refused);
    await expect(get().replay(topic)).rejects.toMatchObject(refused);
    await expect(log.endOffsets(topic)).rejects.toMatchObject(refused);
    await expect(log.ensureTopics([topic])).rejects.toMatchObject(refused);
    await expect(get().join(topic, uniqueName('group'), new Notes())).rejects.toMatchObject(
      refused,
    );
    const slot = log.readSlot({ topics: [topic], partition: 0, handle: () => undefined });
    await expect(slot).rejects.toMatchObject(refused);
    expect(await log.isHealthy()).toBe(false);

    await get().restart();
    await get().log.ensureTopics([topic]);
    expect(await get().log.endOffsets(topic)).toEqual([102]);
  });
}
