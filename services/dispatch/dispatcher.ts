import { ChorusError } from '../domain/errors.ts';
import type { Presence } from '../domain/presence.ts';
import type { Reply, TaskFailure } from '../domain/reply.ts';
import { callOf, type Task, type TaskDraft, type TaskKey, workerHeader } from '../domain/task.ts';
import { taskTopic } from '../domain/topics.ts';
import type { Clock } from '../platform/clock/clock.ts';
import type { EventLog, OutgoingRecord } from '../platform/event-log/event-log.ts';
import { metrics } from '../platform/telemetry/metrics.ts';
import { encodeTask } from '../platform/wire/task-codec.ts';
import { OwnerChoice } from './owner-choice.ts';
import type { PresenceBoard } from './presence-board.ts';

/** What a dispatcher works with. */
export interface DispatcherParts {
  readonly log: Pick<EventLog, 'publish'>;
  readonly board: PresenceBoard;
  readonly clock: Clock;
  /** Random per start of this process. */
  readonly aggregatorId: string;
}

/** Tells why a task will get no reply. */
export type FailureListener = (key: TaskKey, failure: TaskFailure) => void;

/** A task is given up once it broke this many workers: a third would only break too. */
const maxTaskDeliveries = 2;

/** How long a worker may be silent: keep-alive has found a stopped one by then. */
const silenceMs = 4_000;

/**
 * Sends each task to the slot of one present owner, and again to another one when that owner
 * breaks. Knows mixtures, bundles and tensors, nothing of what they compute.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #failed: FailureListener;
  readonly #owners: OwnerChoice;
  /** Tasks without a reply, by call; a call has few. */
  readonly #open = new Map<string, OpenTask[]>();
  readonly #openByWorker = new Map<string, Set<OpenTask>>();

  constructor(parts: DispatcherParts, failed: FailureListener) {
    this.#parts = parts;
    this.#failed = failed;
    this.#owners = new OwnerChoice(parts.board);
  }

  /** Publishes the tasks of one request together. Every task ends in `answered`, `abandon` or the failure listener. */
  dispatch(drafts: readonly TaskDraft[]): void {
    this.#send(drafts.map((draft) => ({ draft, delivery: 1 })));
  }

  /** A reply came: the task is no longer ours to resend. */
  answered(reply: Reply): void {
    if (reply.error === undefined) this.#owners.observe(reply, reply.timings.runUs);
    this.#settle(reply);
  }

  /**
   * Nobody waits for this task any more, and its worker has not said a word. The worker counts as
   * busy with it for a while longer: one that is stopped would look idle and be given more, until
   * keep-alive finds it out.
   * @returns the worker that runs it, to be told; undefined when the task is not open.
   */
  abandon(key: TaskKey): string | undefined {
    const { board, clock } = this.#parts;
    const task = this.#forget(key);
    if (task === undefined) return undefined;
    const { workerId } = task;
    clock.after(silenceMs, () => board.ended(workerId));
    return workerId;
  }

  /** A worker broke: its open tasks go to other owners at once, with `delivery` + 1. */
  resend(workerId: string): void {
    const tasks = [...(this.#openByWorker.get(workerId) ?? [])];
    this.#openByWorker.delete(workerId);
    for (const { draft } of tasks) this.#forget(draft);
    const again: OpenDraft[] = [];
    for (const { draft, delivery } of tasks) {
      if (delivery < maxTaskDeliveries) {
        again.push({ draft, delivery: delivery + 1, except: workerId });
      } else {
        this.#failed(draft, { code: 'poison', message: `broke ${delivery} workers that ran it` });
      }
    }
    metrics.redispatches.inc(again.length);
    this.#send(again);
  }

  #settle(key: TaskKey): void {
    const task = this.#forget(key);
    if (task !== undefined) this.#parts.board.ended(task.workerId);
  }

  #forget(key: TaskKey): OpenTask | undefined {
    const call = callOf(key);
    const tasks = this.#open.get(call);
    const index = tasks?.findIndex(({ draft }) => draft.expert === key.expert) ?? -1;
    const task = tasks?.[index];
    if (tasks === undefined || task === undefined) return undefined;
    if (tasks.length === 1) this.#open.delete(call);
    else tasks.splice(index, 1);
    this.#openByWorker.get(task.workerId)?.delete(task);
    return task;
  }

  #send(drafts: readonly OpenDraft[]): void {
    const records: OutgoingRecord[] = [];
    const sent: TaskDraft[] = [];
    const nowUs = this.#parts.clock.monotonicUs();
    for (const open of drafts) {
      const owner = this.#choose(open, nowUs);
      if (owner === undefined) {
        const message = `no worker present runs expert ${open.draft.expert} of ${open.draft.mixture}/${open.draft.bundle}`;
        this.#failed(open.draft, { code: 'unavailable', message });
        continue;
      }
      this.#remember(open, owner.workerId);
      records.push(this.#record(open, owner, nowUs));
      sent.push(open.draft);
    }
    if (records.length > 0) void this.#publish(records, sent);
  }

  #choose({ draft, except }: OpenDraft, nowUs: number): Presence | undefined {
    if (except !== undefined) return this.#parts.board.chooseOwner(draft, except);
    return this.#owners.choose(draft, nowUs);
  }

  #remember({ draft, delivery }: OpenDraft, workerId: string): void {
    const call = callOf(draft);
    const task = { draft, delivery, workerId };
    const ofCall = this.#open.get(call);
    if (ofCall === undefined) this.#open.set(call, [task]);
    else ofCall.push(task);
    const ofWorker = this.#openByWorker.get(workerId);
    if (ofWorker === undefined) this.#openByWorker.set(workerId, new Set([task]));
    else ofWorker.add(task);
    this.#parts.board.started(workerId);
  }

  #record({ draft, delivery }: OpenDraft, owner: Presence, nowUs: number): OutgoingRecord {
    const { deadlineUs, ...rest } = draft;
    const task: Task = {
      ...rest,
      delivery,
      aggregatorId: this.#parts.aggregatorId,
      workerId: owner.workerId,
      budgetMs: Math.max(0, (deadlineUs - nowUs) / 1000),
      sentAtUs: nowUs,
    };
    return {
      topic: taskTopic(draft.mixture, draft.expert),
      partition: owner.slot,
      key: draft.requestId,
      value: encodeTask(task),
      headers: { [workerHeader]: owner.workerId },
    };
  }

  async #publish(records: readonly OutgoingRecord[], drafts: readonly TaskDraft[]): Promise<void> {
    try {
      await this.#parts.log.publish(records);
    } catch (thrown) {
      const { code, message } = ChorusError.from(thrown, 'unavailable');
      for (const draft of drafts) {
        this.#settle(draft);
        this.#failed(draft, { code, message });
      }
    }
  }
}

interface OpenDraft {
  readonly draft: TaskDraft;
  readonly delivery: number;
  readonly except?: string;
}

interface OpenTask {
  readonly draft: TaskDraft;
  readonly delivery: number;
  readonly workerId: string;
}
