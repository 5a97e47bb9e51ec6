import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '../clock/clock.ts';
import { metrics } from './metrics.ts';

const resolutionMs = 20;
const windowMs = 10_000;
const quantiles = [0.5, 0.99, 1] as const;

/**
 * Measures how late the serving thread's timers are, window by window: the one wait that no
 * request's own figures show, because it passes before its handler runs.
 * @returns what stops the measuring.
 */
export function measureEventLoopDelay(clock: Clock): () => void {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  const timer = clock.every(windowMs, () => {
    for (const quantile of quantiles) {
      // The histogram holds the time between two turns of a timer, its own period included.
      const delayMs = histogram.percentile(quantile * 100) / 1e6 - resolutionMs;
      metrics.eventLoopDelay.set({ quantile: String(quantile) }, Math.max(0, delayMs) / 1000);
    }
    histogram.reset();
  });
  return () => {
    timer.cancel();
    histogram.disable();
  };
}
