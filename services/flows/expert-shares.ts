import type { Combined } from '../aggregation/combine.ts';
import type { Collected } from '../aggregation/reply-inbox.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { ExpertShare } from '../domain/recommendation.ts';
import type { Route } from '../domain/routing.ts';

/** Failures of a task that say: nobody here could run it. The same as if nobody had been there. */
const absentCodes: ReadonlySet<ErrorCode> = new Set([
  'unknown_bundle',
  'bundle_rejected',
  'unavailable',
]);

/** Every expert of the route and what became of it, those whose places others took included. */
export function expertShares(
  route: Route,
  { late, failures }: Collected,
  { parts }: Pick<Combined, 'parts'>,
): readonly ExpertShare[] {
  const chosen = route.choices.map(({ expert }): ExpertShare => {
    const part = parts.get(expert);
    if (part !== undefined) return { expert, weight: part.weight, status: 'answered' };
    if (late.includes(expert)) return { expert, weight: 0, status: 'late' };
    const failure = failures.get(expert);
    const isAbsent = failure !== undefined && absentCodes.has(failure.code);
    return { expert, weight: 0, status: isAbsent ? 'absent' : 'failed' };
  });
  const absent = route.absent.map((expert): ExpertShare => ({
    expert,
    weight: 0,
    status: 'absent',
  }));
  return [...chosen, ...absent];
}
