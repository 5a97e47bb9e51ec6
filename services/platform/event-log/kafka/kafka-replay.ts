import type { Batch, Consumer } from 'kafkajs';
import type { Topic } from '../../../domain/topics.ts';
import type { Random } from '../../random/random.ts';
import type { LogRecord } from '../event-log.ts';
import { kafkaRecord } from './kafka-record.ts';
import { ownPartitionAssigner } from './own-partition-assigner.ts';
import { SupervisedConsumer, type ReaderOptions } from './supervised-consumer.ts';
import { within } from './within.ts';

const fetchDeadlineMs = 30_000;

/** Which records to read again: offsets `from` to `end`, the latter not included. */
export interface ReplayRange {
  readonly topic: Topic;
  readonly partition: number;
  readonly from: number;
  readonly end: number;
}

/**
 * Reads a part of a partition once, one fetch ahead of whoever reads. kafkajs cannot fetch without
 * a group, so this joins one of its own, places it at each join, and leaves it behind empty.
 */
export async function* kafkaReplay(
  { topic, partition, from, end }: ReplayRange,
  options: ReaderOptions & { readonly random: Random },
): AsyncGenerator<LogRecord, void, undefined> {
  if (from >= end) return;
  let next = from;
  const handover = new Handover<Batch>();
  const groupId = `chorus.replay.${options.random.id()}`;
  const place = (consumer: Consumer): void => {
    consumer.seek({ topic: topic.name, partition, offset: `${next}` });
  };
  const consumer = await SupervisedConsumer.open(
    {
      groupId: () => groupId,
      topics: [topic.name],
      fromBeginning: true,
      config: { partitionAssigners: [ownPartitionAssigner(partition)] },
      run: { eachBatch: async ({ batch }) => handover.give(batch) },
      onOpen: (opened) => void opened.on(opened.events.GROUP_JOIN, () => place(opened)),
      onDown: () => undefined,
    },
    options,
  );
  try {
    while (next < end) {
      // oxlint-disable-next-line no-await-in-loop -- a fetch after the other
      const batch = await within(options.clock, fetchDeadlineMs, 'a fetch', handover.take());
      for (const message of batch.messages) {
        const record = kafkaRecord(topic.name, partition, message);
        // A rejoin may fetch again what was read already.
        if (record.offset < next) continue;
        if (record.offset >= end) return;
        next = record.offset + 1;
        yield record;
      }
      // Records that compaction removed are in no batch, yet the batch reaches over them.
      next = Math.max(next, Number(batch.lastOffset()) + 1);
    }
  } finally {
    handover.end();
    await consumer.close();
  }
}

/** Passes one thing at a time from a giver to a taker who both wait for each other. */
class Handover<T> {
  #given = Promise.withResolvers<T>();
  #taken = Promise.withResolvers<void>();
  #isEnded = false;

  async give(thing: T): Promise<void> {
    if (this.#isEnded) return;
    this.#given.resolve(thing);
    await this.#taken.promise;
  }

  async take(): Promise<T> {
    const thing = await this.#given.promise;
    this.#given = Promise.withResolvers<T>();
    const taken = this.#taken;
    this.#taken = Promise.withResolvers<void>();
    taken.resolve();
    return thing;
  }

  end(): void {
    this.#isEnded = true;
    this.#taken.resolve();
  }
}
