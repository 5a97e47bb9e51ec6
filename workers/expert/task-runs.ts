import type { WorkerLoad } from '../../services/domain/presence.ts';
import { ChorusError, type ErrorCode } from '../../services/domain/errors.ts';
import type { Reply } from '../../services/domain/reply.ts';
import type { Task, TaskKey } from '../../services/domain/task.ts';
import type { Tensor } from '../../services/domain/tensor.ts';
import type { Clock } from '../../services/platform/clock/clock.ts';
import { joinRows, splitRows } from '../../services/platform/model-runner/batch-tensors.ts';
import type { WorkerLine } from '../../services/platform/reply-line/reply-line.ts';
import { metrics } from '../../services/platform/telemetry/metrics.ts';
import type { ExpertModels, ReadyModel } from './expert-models.ts';
import { MicroBatcher, type ReleaseReason } from './micro-batcher.ts';

/** What running tasks needs. */
export interface TaskRunsParts {
  readonly models: ExpertModels;
  readonly line: WorkerLine;
  readonly clock: Clock;
  /** Most rows of one model run. */
  readonly maxBatchRows: number;
}

/**
 * Everything between a task's arrival and its reply: a micro-batch per model, the run, a reply for
 * each task. A task that nobody waits for any more is dropped before the run, never after it.
 */
export class TaskRuns {
  readonly #parts: TaskRunsParts;
  readonly #batchers = new Map<ReadyModel, MicroBatcher<WaitingTask>>();
  #inFlight = 0;

  constructor(parts: TaskRunsParts) {
    this.#parts = parts;
  }

  /** Takes tasks that arrived together and starts what can start. */
  accept(tasks: readonly Task[]): void {
    const receivedUs = this.#parts.clock.monotonicUs();
    for (const task of tasks) this.#accept(task, receivedUs);
    for (const batcher of this.#batchers.values()) batcher.release();
  }

  /** How busy this worker is. */
  load(): WorkerLoad {
    let queued = 0;
    for (const batcher of this.#batchers.values()) queued += batcher.queued;
    return { inFlight: this.#inFlight, queued, capacity: this.#parts.maxBatchRows };
  }

  /** Forgets tasks that nobody waits for. */
  cancel(aggregatorId: string, tasks: readonly TaskKey[]): void {
    const ids = new Set(tasks.map(idOf));
    this.#drop(({ task }) => task.aggregatorId === aggregatorId && ids.has(idOf(task)));
  }

  /** Forgets everything that an aggregator waited for. */
  cancelAll(aggregatorId: string): void {
    this.#drop(({ task }) => task.aggregatorId === aggregatorId);
  }

  /** Runs what waits and resolves when every reply was handed to the line. */
  async drain(): Promise<void> {
    await Promise.all([...this.#batchers.values()].map((batcher) => batcher.drain()));
  }

  #accept(task: Task, receivedUs: number): void {
    const { models, line, clock } = this.#parts;
    if (!line.isConnected(task.aggregatorId)) {
      metrics.expired.inc({ hop: 'worker_aggregator_gone' });
      return;
    }
    const ready = models.find(task.mixture, task.bundle, task.expert);
    if (ready === undefined) {
      const { code, message } = models.whyMissing(task.mixture, task.bundle, task.expert);
      line.send(task.aggregatorId, failure(task, code, message));
      return;
    }
    // Without an offset there was no ping yet, and then no presence and no task: count from receipt.
    const offsetUs = line.clockOffsetUs(task.aggregatorId);
    const sentUs = offsetUs === undefined ? clock.monotonicUs() : task.sentAtUs + offsetUs;
    const deadlineUs = sentUs + task.budgetMs * 1000;
    const rows = task.tensors[0]?.shape[0] ?? 1;
    this.#batcherOf(ready, task).add({ task, receivedUs, deadlineUs, rows, lane: task.lane });
  }

  #batcherOf(ready: ReadyModel, { mixture }: Task): MicroBatcher<WaitingTask> {
    const known = this.#batchers.get(ready);
    if (known !== undefined) return known;
    const expert = `${mixture}.${ready.signature.name}`;
    const batcher = new MicroBatcher<WaitingTask>({
      maxRows: this.#parts.maxBatchRows,
      isWorthRunning: ({ task, deadlineUs }) =>
        deadlineUs > this.#parts.clock.monotonicUs() &&
        this.#parts.line.isConnected(task.aggregatorId),
      expire: () => metrics.expired.inc({ hop: 'worker' }),
      run: (items, reason) => this.#release({ ...ready, expert }, items, reason),
    });
    this.#batchers.set(ready, batcher);
    return batcher;
  }

  async #release(
    ready: NamedModel,
    items: readonly WaitingTask[],
    reason: ReleaseReason,
  ): Promise<void> {
    metrics.batchReleases.inc({ expert: ready.expert, reason });
    this.#inFlight += items.length;
    try {
      await this.#run(ready, items);
    } finally {
      this.#inFlight -= items.length;
    }
  }

  /** Runs a batch; one that fails is halved until the task that breaks it stands alone. */
  async #run(ready: NamedModel, items: readonly WaitingTask[]): Promise<void> {
    const startedUs = this.#parts.clock.monotonicUs();
    try {
      const { inputs, rows } = joinRows(
        ready.signature,
        items.map(({ task }) => task.tensors),
      );
      const { outputs, runUs } = await ready.model.run(inputs);
      const batchRows = rows.reduce((sum, count) => sum + count, 0);
      metrics.batchRows.observe({ expert: ready.expert }, batchRows);
      metrics.expertRun.observe(runUs / 1e6);
      const parts = splitRows(outputs, rows);
      let keepsUp = true;
      for (const [index, item] of items.entries()) {
        const queueUs = startedUs - item.receivedUs;
        metrics.expertQueue.observe(queueUs / 1e6);
        const timings = { queueUs, runUs: Math.round(runUs), batchRows };
        const reply = { ...replyTo(item.task, parts[index] ?? []), timings };
        keepsUp = this.#parts.line.send(item.task.aggregatorId, reply) && keepsUp;
      }
      // An aggregator that cannot keep up stops the next run, not the replies of this one.
      if (!keepsUp) await this.#parts.line.ready();
    } catch (thrown) {
      await this.#splitOrFail(ready, items, ChorusError.from(thrown, 'model_failed'));
    }
  }

  async #splitOrFail(
    ready: NamedModel,
    items: readonly WaitingTask[],
    error: ChorusError,
  ): Promise<void> {
    const [only] = items;
    if (only === undefined) return;
    if (items.length === 1) {
      this.#parts.line.send(only.task.aggregatorId, failure(only.task, error.code, error.message));
      return;
    }
    const middle = items.length >>> 1;
    await this.#run(ready, items.slice(0, middle));
    await this.#run(ready, items.slice(middle));
  }

  #drop(isUnwanted: (item: WaitingTask) => boolean): void {
    for (const batcher of this.#batchers.values()) batcher.drop(isUnwanted);
  }
}

/** A model under the name that metrics know it by: `<mixture>.<expert>`. */
interface NamedModel extends ReadyModel {
  readonly expert: string;
}

interface WaitingTask {
  readonly task: Task;
  readonly receivedUs: number;
  readonly deadlineUs: number;
  readonly rows: number;
  readonly lane: Task['lane'];
}

function replyTo(task: Task, tensors: readonly Tensor[]): Reply {
  return {
    requestId: task.requestId,
    attempt: task.attempt,
    expert: task.expert,
    delivery: task.delivery,
    mixture: task.mixture,
    bundle: task.bundle,
    workerId: task.workerId,
    tensors,
    textDelta: '',
    last: true,
    timings: { queueUs: 0, runUs: 0, batchRows: 0 },
  };
}

function failure(task: Task, code: ErrorCode, message: string): Reply {
  return { ...replyTo(task, []), error: { code, message } };
}

function idOf({ requestId, attempt, expert }: TaskKey): string {
  return `${requestId}#${attempt}#${expert}`;
}
