import type { Clock } from '../../clock/clock.ts';
import { logger } from '../../telemetry/logger.ts';
import { metrics } from '../../telemetry/metrics.ts';
import type { LogRecord, SlotReader, Subscription } from '../event-log.ts';
import type { EmbeddedTopic, Listener } from './embedded-topic.ts';

/** A slot reader in the publisher's own process: gets what gathered in one turn of the event loop. */
export class EmbeddedSlot implements Subscription, Listener {
  readonly #reader: SlotReader;
  readonly #topics: ReadonlyMap<string, EmbeddedTopic>;
  readonly #clock: Clock;
  #gathered: LogRecord[] = [];
  #isClosed = false;

  constructor(reader: SlotReader, topics: readonly EmbeddedTopic[], clock: Clock) {
    this.#reader = reader;
    this.#topics = new Map(topics.map((topic) => [topic.declared.name, topic]));
    this.#clock = clock;
    for (const topic of topics) topic.listeners(reader.partition).add(this);
    clock.nextTurn(() => {
      if (!this.#isClosed) reader.onJoined?.();
    });
  }

  offer(record: LogRecord): void {
    if (this.#gathered.length === 0) this.#clock.nextTurn(() => this.#handOver());
    this.#gathered.push(record);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const topic of this.#topics.values()) topic.listeners(this.#reader.partition).delete(this);
  }

  #handOver(): void {
    if (this.#isClosed) return;
    const records = this.#gathered;
    this.#gathered = [];
    try {
      this.#reader.handle(records);
      for (const { topic } of records) this.#topics.get(topic)?.handled.inc();
    } catch (error) {
      metrics.logFailures.inc({ operation: 'handle' });
      logger.error({ records: records.length, error: String(error) }, 'handler of a slot failed');
    }
  }
}
