import { ChorusError } from '../../services/domain/errors.ts';
import type { ExpertRef, WorkerLoad } from '../../services/domain/presence.ts';
import { type Task, type TaskKey, workerHeader } from '../../services/domain/task.ts';
import { taskTopic } from '../../services/domain/topics.ts';
import type { Clock, Timer } from '../../services/platform/clock/clock.ts';
import type {
  EventLog,
  LogRecord,
  Subscription,
} from '../../services/platform/event-log/event-log.ts';
import type { WorkerLine, WorkerListener } from '../../services/platform/reply-line/reply-line.ts';
import { logger } from '../../services/platform/telemetry/logger.ts';
import { metrics } from '../../services/platform/telemetry/metrics.ts';
import { decodeTask } from '../../services/platform/wire/task-codec.ts';
import type { ExpertModels } from './expert-models.ts';
import { TaskRuns } from './task-runs.ts';

/** Who a worker is. */
export interface WorkerIdentity {
  /** Random per start of the process. */
  readonly workerId: string;
  /** The partition that it reads on all topics of its experts. */
  readonly slot: number;
  readonly experts: readonly ExpertRef[];
}

/** What a worker works with. */
export interface ExpertWorkerParts {
  readonly log: EventLog;
  readonly line: WorkerLine;
  readonly models: ExpertModels;
  readonly clock: Clock;
}

const maxBatchRows = 32;

/** A load that changed is announced at most this often: it only tips the balance between owners. */
const loadPeriodMs = 500;

/**
 * Consume → micro-batch → run → reply. Reads its own slot of its experts' topics, and tells the
 * aggregators that it is there only once tasks sent to it would arrive.
 */
export class ExpertWorker implements WorkerListener {
  readonly #identity: WorkerIdentity;
  readonly #parts: ExpertWorkerParts;
  readonly #runs: TaskRuns;
  #subscription: Subscription | undefined;
  #loadTimer: Timer | undefined;
  #announced: WorkerLoad = { inFlight: 0, queued: 0, capacity: 1 };
  #isServing = false;

  constructor(identity: WorkerIdentity, parts: ExpertWorkerParts) {
    this.#identity = identity;
    this.#parts = parts;
    this.#runs = new TaskRuns({ ...parts, maxBatchRows });
  }

  /** Connects, starts to read and, from the first fetch on, is present. */
  async start(): Promise<void> {
    const { log, line, clock } = this.#parts;
    const topics = this.#identity.experts.map(({ mixture, expert }) => taskTopic(mixture, expert));
    await log.ensureTopics(topics);
    await line.open(this);
    this.#subscription = await log.readSlot({
      topics,
      partition: this.#identity.slot,
      handle: (records) => this.#handle(records),
      onJoined: () => this.#serve(true),
      onLost: () => this.#serve(false),
    });
    this.#loadTimer = clock.every(loadPeriodMs, () => this.#announceLoad());
  }

  /** Leaves: no new tasks, the waiting ones run, their replies go out. */
  async stop(): Promise<void> {
    this.#loadTimer?.cancel();
    this.#serve(false);
    await this.#runs.drain();
    await this.#subscription?.close();
    await this.#runs.drain();
    await this.#parts.line.close();
  }

  /** Says again what this worker can run: its bundles changed. */
  announce(): void {
    this.#announced = this.#runs.load();
    this.#parts.line.announce({
      workerId: this.#identity.workerId,
      slot: this.#identity.slot,
      experts: this.#isServing ? this.#identity.experts : [],
      readyBundles: this.#parts.models.ready,
      load: this.#announced,
    });
  }

  onCancel(aggregatorId: string, tasks: readonly TaskKey[]): void {
    this.#runs.cancel(aggregatorId, tasks);
  }

  onAggregatorGone(aggregatorId: string): void {
    this.#runs.cancelAll(aggregatorId);
  }

  #serve(isServing: boolean): void {
    if (this.#isServing === isServing) return;
    this.#isServing = isServing;
    this.announce();
  }

  #announceLoad(): void {
    const now = this.#runs.load();
    if (!this.#isServing) return;
    if (now.inFlight !== this.#announced.inFlight || now.queued !== this.#announced.queued) {
      this.announce();
    }
  }

  #handle(records: readonly LogRecord[]): void {
    const tasks: Task[] = [];
    for (const record of records) {
      // Mail for another owner of the slot, a half-dead predecessor among them: not even decoded.
      if (record.headers[workerHeader] !== this.#identity.workerId) continue;
      const task = this.#decode(record);
      if (task !== undefined) tasks.push(task);
    }
    if (tasks.length > 0) this.#runs.accept(tasks);
  }

  #decode(record: LogRecord): Task | undefined {
    try {
      return decodeTask(record.value);
    } catch (thrown) {
      metrics.expired.inc({ hop: 'worker_undecodable' });
      const { message } = ChorusError.from(thrown);
      logger.warn({
        event: 'task.undecodable',
        topic: record.topic,
        offset: record.offset,
        message,
      });
      return undefined;
    }
  }
}
