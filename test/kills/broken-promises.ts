import type { RunFigures } from './run-figures.ts';
import type { ScenarioName } from './scenarios.ts';

/**
 * Errors that the table calls retryable: the caller knows what to do. In capitals gRPC's own word,
 * where the server's timer was faster than our code.
 */
const retryable = new Set(['unavailable', 'deadline_exceeded', 'DEADLINE_EXCEEDED']);
/** From a worker's return to full answers, where there was none left. */
const workerReturnMs = 2_000;

/** What a run broke of the promises to callers, in words; nothing when all of them held. */
export function brokenPromises(scenario: ScenarioName, figures: RunFigures): readonly string[] {
  const { errors, fullAgainMs, late } = figures;
  const mayFail = scenario === 'aggregator' || scenario === 'stop';
  const longestMs = scenario === 'all-workers' ? workerReturnMs : Number.MAX_VALUE;
  const refused = Object.entries(errors).filter(([code]) => !(mayFail && retryable.has(code)));
  return [
    ...refused.map(([code, count]) => `${count} ended with ${code}`),
    ...(late > 0 ? [`${late} came late`] : []),
    ...(fullAgainMs <= longestMs ? [] : [`full answers came ${fullAgainMs} ms after the return`]),
  ];
}
