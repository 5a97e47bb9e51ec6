import type { AnswerDesk, AnswerLine } from './answer-line/answer-line.ts';
import type { Cache } from './cache/cache.ts';
import type { Clock } from './clock/clock.ts';
import type { EventLog } from './event-log/event-log.ts';
import type { ModelRunner } from './model-runner/model-runner.ts';
import type { Random } from './random/random.ts';
import type { Records } from './records/records.ts';
import type { AggregatorLine, WorkerLine } from './reply-line/reply-line.ts';
import type { Settings } from './settings.ts';

/** The outside world of one process: every port, with the adapter that the settings chose. */
export interface Platform {
  readonly settings: Settings;
  /** Who this process's worker is: random per start. */
  readonly workerId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: EventLog;
  readonly records: Records;
  readonly cache: Cache;
  readonly modelRunner: ModelRunner;
  /** Present where this process aggregates. */
  readonly aggregatorLine: AggregatorLine | undefined;
  /** Present where this process plays worker. */
  readonly workerLine: WorkerLine | undefined;
  /** Where this process's aggregator is asked: by the gateway beside it, by others on `INTERNAL_PORT`. */
  readonly answerDesks: readonly AnswerDesk[];
  /** Present where this process plays gateway. */
  readonly answerLine: AnswerLine | undefined;
  /** Where other processes reach the platform, once the lines are open: `internal 127.0.0.1:8003`. */
  addresses(): readonly string[];
  /** Waits for what is in flight and closes every port. Harmless twice. */
  close(): Promise<void>;
}
