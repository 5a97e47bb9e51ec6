import type { Reply, TaskFailure } from '../domain/reply.ts';
import { callOf, type TaskKey } from '../domain/task.ts';
import type { Clock, Timer } from '../platform/clock/clock.ts';
import { metrics } from '../platform/telemetry/metrics.ts';

/** What one request waits for. */
export interface Expectation {
  readonly requestId: string;
  readonly attempt: number;
  /** A reply of another bundle is dropped: an answer never mixes bundles. */
  readonly bundle: string;
  /** Experts asked, each at most once. */
  readonly experts: readonly string[];
  /** Longest wait, in ms. */
  readonly waitMs: number;
}

/** What came of waiting: each expert asked is in exactly one of the three. */
export interface Collected {
  readonly replies: readonly Reply[];
  readonly failures: ReadonlyMap<string, TaskFailure>;
  readonly late: readonly string[];
}

/**
 * Holds the replies of each open request until all of its experts have answered or failed, or its
 * time is over. The fan-in is by count: one reply per expert is taken, a second is dropped and counted.
 */
export class ReplyInbox {
  readonly #clock: Clock;
  readonly #waiters = new Map<string, Waiter>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Requests that wait now. */
  get size(): number {
    return this.#waiters.size;
  }

  /**
   * Waits. Call it before publishing: a reply may be faster than the publish that asked for it. Never rejects.
   * @param signal ends the waiting before its time, with whatever has come.
   */
  async collect(expectation: Expectation, signal?: AbortSignal): Promise<Collected> {
    if (expectation.experts.length === 0) return { replies: [], failures: new Map(), late: [] };
    return await new Promise((resolve) => {
      const id = callOf(expectation);
      const giveUp = (): void => waiter.finish([...waiter.open]);
      const waiter: Waiter = {
        expectation,
        replies: [],
        failures: new Map(),
        open: new Set(expectation.experts),
        finish: (late) => {
          this.#waiters.delete(id);
          waiter.timer?.cancel();
          signal?.removeEventListener('abort', giveUp);
          resolve({ replies: waiter.replies, failures: waiter.failures, late });
        },
      };
      this.#waiters.set(id, waiter);
      // Whole ms: timers of one length share a list, each fraction would have one of its own.
      waiter.timer = this.#clock.after(Math.ceil(expectation.waitMs), giveUp);
      if (signal?.aborted === true) giveUp();
      else signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** Takes a reply to the request that waits for it. */
  deliver(reply: Reply): void {
    const waiter = this.#waiters.get(callOf(reply));
    if (waiter === undefined) return drop('late');
    if (!waiter.open.has(reply.expert)) return drop('double');
    if (reply.error !== undefined) return this.fail(reply, reply.error);
    if (reply.bundle !== waiter.expectation.bundle) return drop('other_bundle');
    waiter.replies.push(reply);
    close(waiter, reply.expert);
  }

  /** This task will get no reply: do not wait for it. */
  fail(key: TaskKey, failure: TaskFailure): void {
    const waiter = this.#waiters.get(callOf(key));
    if (waiter === undefined || !waiter.open.has(key.expert)) return;
    waiter.failures.set(key.expert, failure);
    close(waiter, key.expert);
  }
}

interface Waiter {
  readonly expectation: Expectation;
  readonly replies: Reply[];
  readonly failures: Map<string, TaskFailure>;
  readonly open: Set<string>;
  readonly finish: (late: readonly string[]) => void;
  timer?: Timer;
}

function close(waiter: Waiter, expert: string): void {
  waiter.open.delete(expert);
  if (waiter.open.size === 0) waiter.finish([]);
}

function drop(reason: 'late' | 'double' | 'other_bundle'): void {
  metrics.repliesDropped.inc({ reason });
}
