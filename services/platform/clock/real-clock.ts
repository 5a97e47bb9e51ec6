import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Clock, Timer } from './clock.ts';

/** The machine's own clocks and timers. */
export class RealClock implements Clock {
  nowMs(): number {
    return Date.now();
  }

  monotonicUs(): number {
    return Math.round(performance.now() * 1000);
  }

  after(delayMs: number, task: () => void): Timer {
    const timeout = setTimeout(task, delayMs);
    return { cancel: () => clearTimeout(timeout) };
  }

  every(periodMs: number, task: () => void): Timer {
    const interval = setInterval(task, periodMs).unref();
    return { cancel: () => clearInterval(interval) };
  }

  nextTurn(task: () => void): void {
    setImmediate(task);
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    await sleepFor(delayMs, undefined, signal === undefined ? {} : { signal });
  }

  timeout(delayMs: number): AbortSignal {
    return AbortSignal.timeout(delayMs);
  }
}
