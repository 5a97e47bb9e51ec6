import type { Socket } from 'node:net';
import type { Consumer, ConsumerConfig, ConsumerRunConfig } from 'kafkajs';
import { logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../clock/clock.ts';
import { createKafkaClient, patientRetry, type KafkaClientOptions } from './kafka-client.ts';
import { kafkaError } from './kafka-error.ts';
import { within } from './within.ts';

/** What a consumer of ours is for; asked anew each time it is opened. */
export interface ConsumerPlan {
  /** Its group; one that never stores a position takes a new one each time. */
  readonly groupId: () => string;
  readonly topics: readonly string[];
  readonly fromBeginning: boolean;
  readonly run: ConsumerRunConfig;
  readonly config?: Partial<ConsumerConfig>;
  /** Called before the consumer starts, to listen to its events. */
  readonly onOpen: (consumer: Consumer) => void;
  /** Called when the consumer gave up; another one follows. */
  readonly onDown: () => void;
  readonly onSocket?: (socket: Socket) => void;
}

/** Everything a reader of the Kafka log needs besides its plan. */
export interface ReaderOptions extends KafkaClientOptions {
  readonly clock: Clock;
  /** A member of a group that was silent for so long is given up by the broker. */
  readonly sessionTimeoutMs: number;
}

/**
 * How long a fetch waits at the broker for records. Only closing waits it out; waiting longer would
 * save nothing but a few requests of an idle reader.
 */
export const maxWaitMs = 250;
const openDeadlineMs = 15_000;
const joinDeadlineMs = 10_000;
const closeDeadlineMs = 5000;
const firstPauseMs = 250;
const longestPauseMs = 5000;

/**
 * A kafkajs consumer that is opened again when it gives up. kafkajs restarts some failures itself,
 * but not all (`restart: false` leaves a process that looks alive and hears nothing), and a restart
 * of its own may come after a close; so it never does, and we always do.
 */
export class SupervisedConsumer {
  readonly #plan: ConsumerPlan;
  readonly #options: ReaderOptions;
  readonly #closing = new AbortController();
  #consumer: Consumer | undefined;
  #reopening = Promise.resolve();
  #closed: Promise<void> | undefined;
  #isOpen = false;
  #isRunning = false;

  private constructor(plan: ConsumerPlan, options: ReaderOptions) {
    this.#plan = plan;
    this.#options = options;
  }

  /**
   * Opens it and waits until it has joined its group, but no longer than ten seconds: a group that
   * waits for a dead member takes longer, and joining goes on.
   * @throws ChorusError `unavailable` when it could not be opened for a quarter of a minute: a
   *   fresh broker answers "coordinator not available" and "is loading" for a while.
   */
  static async open(plan: ConsumerPlan, options: ReaderOptions): Promise<SupervisedConsumer> {
    const supervised = new SupervisedConsumer(plan, options);
    try {
      await supervised.#openAgainAndAgain(openDeadlineMs);
    } catch (error) {
      await supervised.close();
      throw kafkaError(`reading ${plan.topics.join(', ')}`, error);
    }
    return supervised;
  }

  /** Whether a consumer has joined and not given up. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Leaves the group and disconnects. Harmless twice. */
  async close(): Promise<void> {
    this.#closed ??= this.#close();
    await this.#closed;
  }

  async #open(): Promise<void> {
    const { config, topics, fromBeginning, run, onSocket } = this.#plan;
    const { clock, sessionTimeoutMs } = this.#options;
    // However long the broker is away, the member keeps its id: as a new one it would wait for the
    // session of its former self to end. Only our own letting go ends the tries.
    const retry = { ...patientRetry, retries: Infinity };
    const isGone = (): boolean => consumer !== this.#consumer;
    const client = createKafkaClient(this.#options, { retry, isGone, onSocket });
    const consumer = client.consumer({
      groupId: this.#plan.groupId(),
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: Math.round(sessionTimeoutMs / 10),
      rebalanceTimeout: 2 * sessionTimeoutMs,
      maxWaitTimeInMs: maxWaitMs,
      minBytes: 1,
      allowAutoTopicCreation: false,
      retry: { ...retry, restartOnFailure: async () => false },
      ...config,
    });
    this.#consumer = consumer;
    const joined = Promise.withResolvers<void>();
    this.#plan.onOpen(consumer);
    consumer.on(consumer.events.GROUP_JOIN, () => {
      this.#isRunning = !isGone();
      joined.resolve();
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      joined.reject(payload.error);
      if (!isGone()) this.#down(payload.error);
    });
    const prepare = consumer
      .connect()
      .then(async () => consumer.subscribe({ topics: [...topics], fromBeginning }));
    await within(clock, openDeadlineMs, 'connecting', prepare);
    // Abandoned by a close that could not wait: it must not begin to read now.
    if (isGone()) return consumer.disconnect();
    // Settles after the join; a failure arrives as a crash event too.
    void consumer.run({ ...run, autoCommit: false }).catch(joined.reject);
    const { signal } = this.#closing;
    const enough = clock.after(joinDeadlineMs, joined.resolve);
    signal.addEventListener('abort', () => joined.resolve(), { once: true });
    try {
      await joined.promise;
    } finally {
      enough.cancel();
    }
    this.#isOpen = true;
  }

  #down(error: unknown): void {
    this.#isRunning = false;
    this.#plan.onDown();
    // While it is being opened, whoever opens it learns of the failure.
    if (!this.#isOpen || this.#closing.signal.aborted) return;
    this.#isOpen = false;
    const reason = error instanceof Error ? error.message : String(error);
    logger.warn({ event: 'kafka.reader_lost', topics: this.#plan.topics, reason });
    this.#reopening = this.#reopen();
  }

  async #reopen(): Promise<void> {
    await this.#openAgainAndAgain(Infinity);
    if (this.#isRunning) logger.info({ event: 'kafka.reader_back', topics: this.#plan.topics });
  }

  /** Opens with growing pauses until it works, or the deadline has passed and it did not. */
  async #openAgainAndAgain(deadlineMs: number): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    const giveUpAtUs = clock.monotonicUs() + deadlineMs * 1000;
    for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = nextPauseMs(pauseMs)) {
      /* oxlint-disable no-await-in-loop -- one attempt after the other */
      await this.#disconnect();
      try {
        await this.#open();
        return;
      } catch (error) {
        if (clock.monotonicUs() > giveUpAtUs) throw error;
      }
      await clock.sleep(pauseMs, signal).catch(() => undefined);
      /* oxlint-enable no-await-in-loop */
    }
  }

  async #close(): Promise<void> {
    const { clock } = this.#options;
    this.#closing.abort();
    await within(clock, closeDeadlineMs, 'reopening', this.#reopening).catch(() => undefined);
    await this.#disconnect();
    this.#isRunning = false;
  }

  /** Never rejects: what does not let go in time is abandoned, the broker will notice. */
  async #disconnect(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    if (consumer === undefined) return;
    const { clock } = this.#options;
    await within(clock, closeDeadlineMs, 'leaving', consumer.disconnect()).catch(() => undefined);
  }
}

function nextPauseMs(pauseMs: number): number {
  return Math.min(2 * pauseMs, longestPauseMs);
}
