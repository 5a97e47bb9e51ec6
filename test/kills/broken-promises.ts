import type { Tally } from './load.ts';
import type { RunFigures } from './run-figures.ts';
import type { ScenarioName } from './scenarios.ts';

/**
 * Errors that the table calls retryable: the caller knows what to do. In capitals gRPC's own word,
 * where the server's timer was faster than our code.
 */
const retryable = new Set(['unavailable', 'deadline_exceeded', 'DEADLINE_EXCEEDED']);
/** From a worker's return to full answers, where there was none left. */
const workerReturnMs = 2_000;
/**
 * Experts are given 150 ms. A machine that stands still for longer makes a few answers degraded,
 * whatever was killed: this share of them is taken for that, and in a short run this many.
 */
const stalledShare = 0.01;
const stalledRequests = 10;

/** What a run broke of the promises to callers, in words; nothing when all of them held. */
export function brokenPromises(scenario: ScenarioName, figures: RunFigures): readonly string[] {
  const { requests, degraded, fullAgainMs, late, later, notFullLater } = figures;
  const longestMs = scenario === 'all-workers' ? workerReturnMs : Number.MAX_VALUE;
  return [
    ...brokenByErrors(scenario, figures),
    ...(late > 0 ? [`${late} came late`] : []),
    ...(fullAgainMs <= longestMs ? [] : [`full answers came ${fullAgainMs} ms after the return`]),
    ...(notFullLater > tolerated(later) ? [`${notFullLater} of ${later} later ones not full`] : []),
    // The other worker is there all the time.
    ...(scenario === 'worker' && degraded > tolerated(requests) ? [`${degraded} degraded`] : []),
  ];
}

/** What a run broke that no pause of the machine excuses: an error of another kind, or nothing full any more. */
export function brokenWhateverStalls({ errors, fullAgainMs }: RunFigures): readonly string[] {
  const others = without(errors, (code) => retryable.has(code));
  return [
    ...others.map(([code, count]) => `${count} ended with ${code}`),
    ...(Number.isFinite(fullAgainMs) ? [] : ['no full answer came after the return']),
  ];
}

function brokenByErrors(
  scenario: ScenarioName,
  { errors, errorsElsewhere }: RunFigures,
): readonly string[] {
  const mayFail = scenario === 'aggregator' || scenario === 'stop';
  const refused = without(errors, (code) => mayFail && retryable.has(code));
  const misplaced = mayFail ? without(errorsElsewhere, (code) => !retryable.has(code)) : [];
  return [
    ...refused.map(([code, count]) => `${count} ended with ${code}`),
    ...misplaced.map(([code, count]) => `${count} ended with ${code} while all were there`),
  ];
}

function without(tally: Tally, isAllowed: (code: string) => boolean): [string, number][] {
  return Object.entries(tally).filter(([code]) => !isAllowed(code));
}

function tolerated(requests: number): number {
  return Math.max(stalledRequests, stalledShare * requests);
}
