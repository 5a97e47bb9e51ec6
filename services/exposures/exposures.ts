import { ChorusError } from '../domain/errors.ts';
import type { Recommendation, RecommendRequest } from '../domain/recommendation.ts';
import { exposuresTopic, userRecordKey } from '../domain/topics.ts';
import type { Clock, Timer } from '../platform/clock/clock.ts';
import type { EventLog, OutgoingRecord } from '../platform/event-log/event-log.ts';
import type { Random } from '../platform/random/random.ts';
import { logger } from '../platform/telemetry/logger.ts';
import { metrics } from '../platform/telemetry/metrics.ts';
import { RememberedAnswer } from '../platform/wire/remembered-answer.ts';
import { encodeExposure } from './exposure-codec.ts';

/** What exposures are made with. */
export interface ExposuresParts {
  readonly log: Pick<EventLog, 'publish'>;
  readonly clock: Clock;
  readonly random: Random;
  /** Exposures that may wait; later ones are dropped. 10,000 unless told. */
  readonly capacity?: number;
  /** Time from the first that waits to their sending, in ms; 75 unless told. */
  readonly lingerMs?: number;
}

/** Exposures that travel in one call. */
const batchSize = 500;
/** A call of the log is given up after this time, in ms. */
const publishMs = 5_000;

/**
 * What answers showed, on its way to `moe.exposures`, keyed by user. Behind the answers' back: no
 * request waits or fails for it. What finds the buffer full, or the log away for too long, is
 * dropped and counted.
 */
export class Exposures {
  readonly #parts: ExposuresParts;
  readonly #capacity: number;
  readonly #lingerMs: number;
  // Encoded already: requests and answers that lived as long as this would cost the collector more.
  #waiting: OutgoingRecord[] = [];
  #linger: Timer | undefined;
  #sending: Promise<void> | undefined;
  /** Set by closing: all that is still sent shares this one deadline. */
  #deadline: AbortSignal | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: ExposuresParts) {
    this.#parts = parts;
    this.#capacity = parts.capacity ?? 10_000;
    this.#lingerMs = parts.lingerMs ?? 75;
  }

  /** Takes note of what an answer showed. Never throws, never waits. */
  record(request: RecommendRequest, answer: Recommendation): void {
    const isEmpty =
      answer instanceof RememberedAnswer ? answer.content.isEmpty : answer.items.length === 0;
    if (isEmpty) return;
    if (this.#deadline !== undefined || this.#waiting.length >= this.#capacity) {
      metrics.exposures.inc({ outcome: 'dropped' });
      return;
    }
    this.#waiting.push(this.#recordOf(request, answer));
    this.#arm();
  }

  /** Sends what waits, as far as the log takes it within 5 s in all. Harmless twice. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    this.#deadline = this.#parts.clock.timeout(publishMs);
    this.#linger?.cancel();
    await this.#sending;
    await this.#send();
  }

  #arm(): void {
    if (this.#linger !== undefined || this.#sending !== undefined) return;
    if (this.#deadline !== undefined) return;
    this.#linger = this.#parts.clock.after(this.#lingerMs, () => {
      this.#linger = undefined;
      this.#sending = this.#send().finally(() => {
        this.#sending = undefined;
        if (this.#waiting.length > 0) this.#arm();
      });
    });
  }

  async #send(): Promise<void> {
    const all = this.#waiting;
    this.#waiting = [];
    for (let start = 0; start < all.length; start += batchSize) {
      // oxlint-disable-next-line no-await-in-loop -- one call at a time bounds what is in flight
      const failure = await this.#publish(all.slice(start, start + batchSize));
      // A log that refused one batch gets no time for the others: they would each wait as long.
      if (failure !== undefined) {
        this.#lose(all.length - start, failure);
        return;
      }
    }
  }

  #recordOf(request: RecommendRequest, answer: Recommendation): OutgoingRecord {
    const { clock, random } = this.#parts;
    const exposureId = random.id();
    const { tenant, userId } = request;
    // Somebody unknown has no order to keep: these spread over the partitions.
    const key = userId === '' ? exposureId : userRecordKey(tenant, userId);
    const value = encodeExposure({ exposureId, request, answer, servedMs: clock.nowMs() });
    return { topic: exposuresTopic, key, value };
  }

  async #publish(records: readonly OutgoingRecord[]): Promise<ChorusError | undefined> {
    const { clock, log } = this.#parts;
    try {
      await log.publish(records, this.#deadline ?? clock.timeout(publishMs));
      metrics.exposures.inc({ outcome: 'sent' }, records.length);
      return undefined;
    } catch (thrown) {
      return ChorusError.from(thrown);
    }
  }

  #lose(count: number, { code, message }: ChorusError): void {
    metrics.exposures.inc({ outcome: 'failed' }, count);
    logger.warn({ event: 'exposures.lost', count, code, reason: message });
  }
}
