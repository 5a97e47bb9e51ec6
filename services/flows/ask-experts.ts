import { type Collected, type Expectation, ReplyInbox } from '../aggregation/reply-inbox.ts';
import { Dispatcher } from '../dispatch/dispatcher.ts';
import type { PresenceBoard } from '../dispatch/presence-board.ts';
import type { Presence } from '../domain/presence.ts';
import type { Reply } from '../domain/reply.ts';
import type { TaskDraft, TaskKey } from '../domain/task.ts';
import type { Clock } from '../platform/clock/clock.ts';
import type { EventLog } from '../platform/event-log/event-log.ts';
import type { AggregatorLine, AggregatorListener } from '../platform/reply-line/reply-line.ts';
import { metrics } from '../platform/telemetry/metrics.ts';

/** What asking experts needs of the outside world. */
export interface AskExpertsParts {
  readonly log: Pick<EventLog, 'publish'>;
  readonly line: AggregatorLine;
  readonly board: PresenceBoard;
  readonly clock: Clock;
}

/**
 * Publish one task per chosen expert, then collect replies until there are enough or the time is
 * over. The part of every mixture's answer that is the same: it knows tasks, bundles and tensors.
 */
export class AskExperts implements AggregatorListener {
  readonly #line: AggregatorLine;
  readonly #board: PresenceBoard;
  readonly #inbox: ReplyInbox;
  readonly #dispatcher: Dispatcher;

  constructor({ log, line, board, clock }: AskExpertsParts) {
    this.#line = line;
    this.#board = board;
    this.#inbox = new ReplyInbox(clock);
    this.#dispatcher = new Dispatcher(
      { log, board, clock, aggregatorId: line.aggregatorId },
      (key, failure) => this.#inbox.fail(key, failure),
    );
  }

  /**
   * Never rejects: an expert that gave nothing is among the failures or late.
   * @param signal ends the waiting before its time.
   */
  async run(tasks: readonly TaskDraft[], waitMs: number, signal: AbortSignal): Promise<Collected> {
    const [first] = tasks;
    if (first === undefined) return { replies: [], failures: new Map(), late: [] };
    const expectation: Expectation = {
      ...first,
      experts: tasks.map(({ expert }) => expert),
      waitMs,
    };
    // Nobody waits any more: nothing is sent that a worker would compute for nobody.
    if (signal.aborted) return { replies: [], failures: new Map(), late: expectation.experts };
    const collecting = this.#inbox.collect(expectation, signal);
    this.#dispatcher.dispatch(tasks);
    const collected = await collecting;
    this.#giveUp(collected.late.map((expert) => ({ ...first, expert })));
    return collected;
  }

  /** Requests that wait for experts now. */
  get inFlight(): number {
    return this.#inbox.size;
  }

  /** Replies that arrived together. */
  onReplies(replies: readonly Reply[]): void {
    for (const reply of replies) {
      if (!reply.last) continue;
      const outcome = reply.error?.code ?? 'answered';
      metrics.expertTasks.inc({ expert: `${reply.mixture}.${reply.expert}`, outcome });
      this.#dispatcher.answered(reply);
      this.#inbox.deliver(reply);
    }
  }

  /** A worker arrived or changed. */
  onPresence(presence: Presence): void {
    this.#board.update(presence);
  }

  /** A worker broke: what it held goes to others at once. */
  onGone(workerId: string): void {
    this.#board.remove(workerId);
    this.#dispatcher.resend(workerId);
  }

  #giveUp(late: readonly TaskKey[]): void {
    for (const key of late) {
      const workerId = this.#dispatcher.abandon(key);
      if (workerId !== undefined) this.#line.cancel(workerId, [key]);
    }
  }
}
