import type { Fetched } from './fetch-codec.ts';

/** What we use of kafkajs' ConsumerGroup, as version 2.2.4 has it. */
export interface ConsumerGroup {
  readonly groupId: string;
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
  readonly cluster: { findBroker(node: { readonly nodeId: string }): Promise<Broker> };
  readonly offsetManager: OffsetManager;
  readonly subscriptionState: { assigned(): TopicPartitions[] };
  filterPartitionsByNode(nodeId: string, assigned: TopicPartitions[]): TopicPartitions[];
  recoverFromFetch(error: unknown): Promise<void>;
  fetch: (this: ConsumerGroup, nodeId: string) => Promise<unknown[]>;
}

interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

interface OffsetManager {
  readonly resolvedOffsets: Record<string, Record<number, string>>;
  nextOffset(topic: string, partition: number): { toString(): string };
}

interface Broker {
  readonly connectionPool: { send(exchange: object): Promise<Fetched | undefined> };
  disconnect(): Promise<void>;
}
