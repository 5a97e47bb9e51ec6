import { createRequire } from 'node:module';
import type { Timer } from '../../clock/clock.ts';
import { RealClock } from '../../clock/real-clock.ts';

/** What we touch of kafkajs' RequestQueue, as version 2.2.4 has it. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly inflight: ReadonlyMap<number, SocketRequest>;
  readonly isConnected: () => boolean;
  scheduleCheckPendingRequests: (this: RequestQueue) => void;
  scheduleRequestTimeoutCheck: (this: RequestQueue) => void;
  destroy: (this: RequestQueue) => void;
}

interface SocketRequest {
  readonly sentAt: number;
  readonly requestTimeout: number;
  readonly timeoutRequest: () => void;
}

const timeoutCheckMs = 1000;
// kafkajs stamps its requests with Date.now(), so no other clock could judge them.
const clock = new RealClock();
const timeoutChecks = new WeakMap<RequestQueue, Timer>();
let isQuiet = false;

/**
 * Takes two timers of each connection from kafkajs.
 *
 * Its throttle check computes a negative delay when nothing is throttled and schedules itself
 * every millisecond for ever: 17,000 timers a second (tulios/kafkajs#1751, fixed but unreleased).
 * With nothing pending there is nothing to check; the next request that must wait schedules it.
 *
 * Its timeout check runs ten times a second; requests time out after seconds.
 */
export function quietRequestQueue(): void {
  if (isQuiet) return;
  isQuiet = true;
  const load = createRequire(import.meta.url);
  const { prototype }: { prototype: RequestQueue } = load('kafkajs/src/network/requestQueue');
  const { scheduleCheckPendingRequests, destroy } = prototype;

  prototype.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0) scheduleCheckPendingRequests.call(this);
  };
  prototype.scheduleRequestTimeoutCheck = function () {
    this.destroy();
    timeoutChecks.set(
      this,
      clock.every(timeoutCheckMs, () => endLateRequests(this)),
    );
  };
  prototype.destroy = function () {
    timeoutChecks.get(this)?.cancel();
    destroy.call(this);
  };
}

function endLateRequests(queue: RequestQueue): void {
  for (const request of queue.inflight.values()) {
    if (clock.nowMs() - request.sentAt > request.requestTimeout) request.timeoutRequest();
  }
  if (!queue.isConnected()) queue.destroy();
}
