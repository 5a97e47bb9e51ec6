import type { Presence } from '../../domain/presence.ts';
import type { Reply } from '../../domain/reply.ts';
import type { TaskKey } from '../../domain/task.ts';

/**
 * The way back: replies from the workers to the process that waits, and who is there to ask.
 *
 * The aggregator's end. One line may hold many workers. Replies are neither acknowledged nor
 * resent: a waiter that lives re-dispatches what a broken worker held, a dead one needs none. So
 * each reply arrives at most once, those of one worker in the order in which it sent them.
 */
export interface AggregatorLine {
  /** Random per start of this process; tasks carry it so that replies find back. */
  readonly aggregatorId: string;
  /** Starts to accept workers. Listeners are called synchronously, one event at a time. */
  open(listener: AggregatorListener): Promise<void>;
  /**
   * Tells a worker, at the end of this event-loop turn, that nobody waits for these tasks any more.
   * Best effort: nothing happens when it is not there.
   */
  cancel(workerId: string, tasks: readonly TaskKey[]): void;
  /** Ends every stream: workers see this aggregator leave, its listener hears nothing more. Harmless twice. */
  close(): Promise<void>;
}

/** What an aggregator hears from its workers. */
export interface AggregatorListener {
  /** Replies that arrived together. */
  onReplies(replies: readonly Reply[]): void;
  /** A worker arrived, came back or changed: its newest word about itself, the whole of it. */
  onPresence(presence: Presence): void;
  /**
   * A worker's stream broke or it left: what it held goes elsewhere. Said once, and nothing comes
   * from it afterwards unless `onPresence` says that it came back.
   */
  onGone(workerId: string): void;
}

/** The worker's end: connected to every aggregator that it can find. */
export interface WorkerLine {
  /**
   * Starts to connect and to keep connected.
   * @throws never for an aggregator that is away: it is dialled again until `close`.
   */
  open(listener: WorkerListener): Promise<void>;
  /**
   * Sends this to every aggregator, now and whenever one connects. An aggregator hears it only
   * after the first ping has measured how its clock differs from ours.
   */
  announce(presence: Presence): void;
  /**
   * Sends a reply at the end of this event-loop turn, together with all others to the same
   * aggregator. Dropped, and counted (`moe_replies_dropped_total`), when that aggregator is gone or,
   * oldest first, when more than `maxBufferedReplies` wait for it. One that no message can carry
   * (4 MiB) goes as an error `too_large` instead.
   * @returns false when the aggregator cannot keep up: the caller stops running tasks until `ready`.
   */
  send(aggregatorId: string, reply: Reply): boolean;
  /** Resolves when every connected aggregator keeps up again: a slow one caught up or is gone. */
  ready(): Promise<void>;
  /** Whether somebody still waits there. */
  isConnected(aggregatorId: string): boolean;
  /**
   * This process's monotonic clock minus the aggregator's, in µs, from the pings of its stream
   * (((t0−t1)+(t3−t2))/2, wrong by half a round trip at most; RFC 5905 §8). `undefined` before the first
   * and when that aggregator is gone. A task's `sentAtUs` plus this is when it was sent, by our clock.
   */
  clockOffsetUs(aggregatorId: string): number | undefined;
  /** Sends what is gathered, says goodbye and disconnects, within about a second. Its listener hears nothing more. Harmless twice. */
  close(): Promise<void>;
}

/** What a worker hears from its aggregators. */
export interface WorkerListener {
  /** Nobody waits for these tasks any more: drop them, or stop them in mid-run where they stream. */
  onCancel(aggregatorId: string, tasks: readonly TaskKey[]): void;
  /** An aggregator's stream broke: all that it waited for is void. */
  onAggregatorGone(aggregatorId: string): void;
}

/** At most this many replies wait for one slow aggregator; the oldest go first. */
export const maxBufferedReplies = 1000;
