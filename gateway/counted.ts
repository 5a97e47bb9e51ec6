import type { ErrorCode } from '../services/domain/errors.ts';
import type { Clock } from '../services/platform/clock/clock.ts';
import { metrics } from '../services/platform/telemetry/metrics.ts';
import type { Surface } from './caller.ts';

// Whoever calls these surfaces waits.
const lane = 'interactive';

/**
 * Measures a request, and counts it when it ends well. One that fails is counted where its surface
 * translates the failure (`countFailure`), because many are refused before anybody works on them.
 * @param outcomeOf `ok` unless told.
 */
export async function counted<Answer>(
  surface: Surface,
  clock: Clock,
  work: () => Promise<Answer>,
  outcomeOf: (answer: Answer) => 'ok' | 'degraded' = () => 'ok',
): Promise<Answer> {
  const startedUs = clock.monotonicUs();
  try {
    const answer = await work();
    metrics.requests.inc({ surface, lane, outcome: outcomeOf(answer) });
    return answer;
  } finally {
    metrics.requestDuration.observe({ surface, lane }, (clock.monotonicUs() - startedUs) / 1e6);
  }
}

/** Counts a request that ended in a failure, whoever refused it. */
export function countFailure(surface: Surface, outcome: ErrorCode): void {
  metrics.requests.inc({ surface, lane, outcome });
}
