import type { Choice, Route } from '../domain/routing.ts';

/** When a route has enough experts. */
export interface RouteLimits {
  /** τ: experts are added, best first, until their probabilities sum to this. */
  readonly threshold: number;
  readonly minExperts: number;
  readonly maxExperts: number;
}

/**
 * Chooses the experts of one request: the fewest, best first, whose probabilities sum to τ, within
 * the limits, out of those for which `isPresent` holds. A simple request (a peaked gate) gets few
 * experts, a complex one more. Ties go to the expert that the bundle lists first.
 *
 * @param experts names in the order of `probabilities`.
 * @returns weights g = p / Σ_S p, and the absent experts that would have been chosen. No choices
 *   when nobody is present.
 */
export function chooseExperts(
  experts: readonly string[],
  probabilities: Float32Array,
  limits: RouteLimits,
  isPresent: (expert: string) => boolean,
): Route {
  const ranked = experts
    .map((expert, index) => ({ expert, probability: probabilities[index] ?? 0 }))
    .toSorted((left, right) => right.probability - left.probability);
  const wanted = ranked.slice(0, enough(ranked, limits));
  const chosen = ranked.filter(({ expert }) => isPresent(expert)).slice(0, wanted.length);
  return {
    choices: weigh(chosen),
    probabilities,
    absent: wanted.filter(({ expert }) => !isPresent(expert)).map(({ expert }) => expert),
  };
}

interface RankedExpert {
  readonly expert: string;
  readonly probability: number;
}

function enough(ranked: readonly RankedExpert[], limits: RouteLimits): number {
  let sum = 0;
  let count = 0;
  for (const { probability } of ranked) {
    if (count >= limits.maxExperts) break;
    if (count >= limits.minExperts && sum >= limits.threshold) break;
    sum += probability;
    count += 1;
  }
  return count;
}

function weigh(chosen: readonly RankedExpert[]): readonly Choice[] {
  const sum = chosen.reduce((total, { probability }) => total + probability, 0);
  return chosen.map(({ expert, probability }) => ({
    expert,
    // A gate that gives all of its mass to absent experts leaves nothing to share out: share evenly.
    weight: sum > 0 ? probability / sum : 1 / chosen.length,
  }));
}
