import { createRequire } from 'node:module';
import { RealClock } from '../../clock/real-clock.ts';
import type { LogRecord } from '../event-log.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { fetchBody, type Fetched, type Position, readFetched } from './fetch-codec.ts';

/** Gets the records of a fetch, those of all its topics together. */
export type TakeRecords = (records: readonly LogRecord[]) => void;

/** Where a reader stands at one broker, since its last whole fetch. */
interface Standing {
  readonly manager: ConsumerGroup['offsetManager'];
  readonly untilMs: number;
  positions?: Position[];
}

const fetchApiKey = 1;
const apiVersion = 11;
/** As kafkajs: what the network may add to the wait at the broker, in ms. */
const networkDelayMs = 100;
/** kafkajs' own fetch, which looks at assignment and metadata, is due so often. */
const wholeEveryMs = 1000;
const clock = new RealClock();
const readers = new Map<string, QuickFetch>();
let isPatched = false;

/**
 * Gives a group's fetches a short way round kafkajs' loop: all positions in one request, all
 * records of the answer in one call. kafkajs spends as much again on each partition of each fetch
 * (promises, Longs as texts, a queue of batches) as the whole exchange costs.
 *
 * Once a second, after a join, and after anything that is not plain records (an error, a
 * compressed batch), kafkajs' own fetch runs with all its care; both share its table of positions.
 *
 * @returns ends it.
 */
export function quickFetch(groupId: string, take: TakeRecords): () => void {
  patch();
  readers.set(groupId, new QuickFetch(take));
  return () => readers.delete(groupId);
}

class QuickFetch {
  readonly #take: TakeRecords;
  readonly #standing = new Map<string, Standing>();

  constructor(take: TakeRecords) {
    this.#take = take;
  }

  async fetch(group: ConsumerGroup, nodeId: string, whole: () => Promise<unknown[]>) {
    const standing = this.#standing.get(nodeId);
    const positions =
      standing?.manager === group.offsetManager && clock.nowMs() < standing.untilMs
        ? (standing.positions ??= positionsOf(group, nodeId))
        : [];
    if (positions.length === 0) {
      const batches = await whole();
      const untilMs = clock.nowMs() + wholeEveryMs;
      this.#standing.set(nodeId, { manager: group.offsetManager, untilMs });
      return batches;
    }
    await this.#fetchPlain(group, nodeId, positions);
    return [];
  }

  /** Never rejects with what kafkajs would recover from. */
  async #fetchPlain(group: ConsumerGroup, nodeId: string, positions: Position[]): Promise<void> {
    const { offsetManager } = group;
    let fetched: Fetched | undefined;
    try {
      fetched = await exchange(group, nodeId, positions);
    } catch (error) {
      this.#standing.delete(nodeId);
      await group.recoverFromFetch(error);
      return;
    }
    if (fetched === undefined) {
      this.#standing.delete(nodeId);
      return;
    }
    for (const { position, next } of fetched.reached) {
      position.next = next;
      const resolved = offsetManager.resolvedOffsets[position.topic];
      if (resolved !== undefined) resolved[position.partition] = `${next}`;
    }
    if (fetched.records.length > 0) this.#take(fetched.records);
  }
}

/** What is led by this broker; none of it while one has no position yet. */
function positionsOf(group: ConsumerGroup, nodeId: string): Position[] {
  const led = group.filterPartitionsByNode(nodeId, group.subscriptionState.assigned());
  const positions = led.flatMap(({ topic, partitions }) =>
    partitions.map((partition): Position => {
      const next = Number(group.offsetManager.nextOffset(topic, partition).toString());
      return { topic, partition, next };
    }),
  );
  return positions.every(({ next }) => next >= 0) ? positions : [];
}

async function exchange(
  group: ConsumerGroup,
  nodeId: string,
  positions: readonly Position[],
): Promise<Fetched | undefined> {
  const { maxWaitTime, minBytes, maxBytes, maxBytesPerPartition } = group;
  const limits = { maxWaitMs: maxWaitTime, minBytes, maxBytes, maxBytesPerPartition };
  const broker = await group.cluster.findBroker({ nodeId });
  const encode = async (): Promise<unknown> => {
    const buffer = fetchBody(positions, limits);
    // As much of kafkajs' Encoder as whoever takes one in looks at.
    return { buf: buffer, buffer };
  };
  try {
    return await broker.connectionPool.send({
      request: { apiKey: fetchApiKey, apiVersion, apiName: 'Fetch', encode },
      response: {
        decode: async (answer: Buffer) => ({ answer, clientSideThrottleTime: 0 }),
        parse: async ({ answer }: { answer: Buffer }) => readFetched(answer, positions),
      },
      requestTimeout: maxWaitTime + networkDelayMs,
    });
  } catch (error) {
    // As kafkajs does for every request.
    if (error instanceof Error && error.name === 'KafkaJSConnectionClosedError') {
      await broker.disconnect();
    }
    throw error;
  }
}

function patch(): void {
  if (isPatched) return;
  isPatched = true;
  const load = createRequire(import.meta.url);
  const { prototype }: { prototype: ConsumerGroup } = load('kafkajs/src/consumer/consumerGroup');
  const { fetch } = prototype;
  prototype.fetch = async function (nodeId) {
    const whole = async (): Promise<unknown[]> => fetch.call(this, nodeId);
    const reader = readers.get(this.groupId);
    return reader === undefined ? whole() : reader.fetch(this, nodeId, whole);
  };
}
