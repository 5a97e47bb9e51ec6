import { median } from '../ports/statistics.ts';
import type { CaseResult, Reading } from './measure-cases.ts';

/** A figure that rests on several lines, mostly the difference of two, with what it must reach. */
export interface GoalResult {
  readonly what: string;
  readonly unit: string;
  /** One for each repeat: figures of one repeat lie seconds apart. */
  readonly samples: readonly number[];
  /** At most; undefined for a figure that is reported only. */
  readonly atMost?: number;
}

/** Which figure of which lines. */
export interface GoalSpec {
  readonly what: string;
  readonly unit: string;
  readonly figure: string;
  /** Names of lines: the first, less the second if there is one. */
  readonly of: string;
  readonly minus?: string;
  readonly atMost?: number;
}

/** Works out the goals whose lines were all measured. */
export function workOut(
  cases: readonly CaseResult[],
  specs: readonly GoalSpec[],
): readonly GoalResult[] {
  const readingsOf = (name: string): readonly Reading[] =>
    cases.find((each) => each.name === name)?.readings ?? [];
  return specs.flatMap(({ what, unit, figure, of, minus, atMost }) => {
    const above = readingsOf(of);
    const below = minus === undefined ? above : readingsOf(minus);
    if (above.length === 0 || below.length === 0) return [];
    const samples = above.map((reading, repeat) => {
      const less = minus === undefined ? 0 : (below[repeat]?.[figure] ?? Number.NaN);
      return (reading[figure] ?? Number.NaN) - less;
    });
    return [{ what, unit, samples, ...(atMost !== undefined && { atMost }) }];
  });
}

/** Whether the middle of the repeats reaches it. */
export function isMet({ samples, atMost }: GoalResult): boolean {
  return atMost === undefined || median(samples) <= atMost;
}
