import type { Counter } from 'prom-client';
import type { Topic } from '../../../domain/topics.ts';
import { metrics } from '../../telemetry/metrics.ts';
import type { LogRecord } from '../event-log.ts';
import { Bell } from './bell.ts';
import type { MemoryTopic } from './memory-topic.ts';
import type { Positions } from './positions.ts';
import type { SqliteTopic } from './sqlite-topic.ts';

/** Somebody who wants each record of a partition as soon as it is acknowledged. */
export interface Listener {
  offer(record: LogRecord): void;
}

/** A topic of this process: its store, its groups' positions, and who waits for records. */
export class EmbeddedTopic {
  readonly declared: Topic;
  readonly store: MemoryTopic | SqliteTopic;
  readonly positions: Positions;
  /** Counts records that readers handled. */
  readonly handled: Counter.Internal;
  readonly #published: Counter.Internal;
  readonly #partitions: readonly { bell: Bell; listeners: Set<Listener> }[];

  constructor(declared: Topic, store: MemoryTopic | SqliteTopic, positions: Positions) {
    this.declared = declared;
    this.store = store;
    this.positions = positions;
    this.handled = metrics.logRecords.labels(declared.name, 'handle');
    this.#published = metrics.logRecords.labels(declared.name, 'publish');
    this.#partitions = Array.from({ length: store.partitions }, () => ({
      bell: new Bell(),
      listeners: new Set(),
    }));
  }

  /** Rings when the partition has new records. */
  bell(partition: number): Bell {
    return this.#at(partition).bell;
  }

  /** Those who are offered the partition's new records. */
  listeners(partition: number): Set<Listener> {
    return this.#at(partition).listeners;
  }

  /** Tells everyone who waits about an acknowledged record. */
  announce(record: LogRecord): void {
    const { bell, listeners } = this.#at(record.partition);
    this.#published.inc();
    bell.ring();
    for (const listener of listeners) listener.offer(record);
  }

  #at(partition: number): { bell: Bell; listeners: Set<Listener> } {
    const found = this.#partitions[partition];
    if (found === undefined) {
      throw new RangeError(`${this.declared.name} has no partition ${partition}`);
    }
    return found;
  }
}
