import { type RecommenderParameters } from '../recommender/recommender-parameters.ts';

/** What shows whether a gate routes well; the first two can look right when routing is not. */
export interface RoutingFigures {
  /** 0.01 · 8 · Σ f_e P_e for eight experts; 0.0100 at perfect balance (Fedus et al. 2022, §2.2). */
  readonly balanceLoss: number;
  /** Mean entropy of the gate's full distribution, in bits. */
  readonly entropyBits: number;
  /** Mean number of experts chosen. */
  readonly meanK: number;
  /** f_e: each expert's share of all choices. */
  readonly shares: readonly number[];
  /** Largest share over smallest; an expert that nobody got counts as if one request had. */
  readonly maxMinShare: number;
  /** var(f) / mean(f)². */
  readonly shareVariation: number;
  /** How much the route tells about the user: H(mean p) − mean H(p), in bits. */
  readonly mutualInformationBits: number;
}

/** When a route has enough experts. */
export type RouteLimits = Pick<
  RecommenderParameters['gate'],
  'threshold' | 'minExperts' | 'maxExperts'
>;

/** The figures over one request per row of `probabilities` (requests × experts). */
export function routingFigures(
  probabilities: Float64Array,
  experts: number,
  limits: RouteLimits,
): RoutingFigures {
  const tally = new RoutingTally(experts);
  for (let start = 0; start < probabilities.length; start += experts) {
    const p = probabilities.subarray(start, start + experts);
    tally.take(p, chooseBest(p, limits));
  }
  return tally.figures;
}

/** Collects routes, one request after another. */
export class RoutingTally {
  readonly #chosen: Float64Array;
  readonly #mass: Float64Array;
  #entropy = 0;
  #requests = 0;

  constructor(experts: number) {
    this.#chosen = new Float64Array(experts);
    this.#mass = new Float64Array(experts);
  }

  /**
   * @param probabilities the gate's full distribution.
   * @param chosen positions of the experts that the request got.
   */
  take(probabilities: Iterable<number>, chosen: readonly number[]): void {
    const p = Float64Array.from(probabilities);
    this.#requests += 1;
    this.#entropy += entropyBits(p);
    for (const expert of chosen) this.#chosen[expert] = (this.#chosen[expert] ?? 0) + 1;
    p.forEach((value, expert) => (this.#mass[expert] = (this.#mass[expert] ?? 0) + value));
  }

  /** The figures over all requests taken so far. */
  get figures(): RoutingFigures {
    const requests = this.#requests;
    const mean = this.#mass.map((mass) => mass / requests);
    const choices = this.#chosen.reduce((sum, value) => sum + value, 0);
    const shares = [...this.#chosen].map((value) => value / choices);
    const entropy = this.#entropy / requests;
    return {
      balanceLoss: balanceLoss(shares, [...mean]),
      entropyBits: entropy,
      meanK: choices / requests,
      shares,
      // Finite, because a manifest and JSON hold it: nobody's expert counts as one choice.
      maxMinShare: Math.max(...shares) / Math.max(Math.min(...shares), 1 / choices),
      shareVariation: variation(shares),
      mutualInformationBits: entropyBits(mean) - entropy,
    };
  }
}

/**
 * 0.01 × the Switch Transformer's E · Σ f_e P_e.
 * @param shares f, each expert's share of the choices.
 * @param means P, each expert's mean probability.
 */
export function balanceLoss(shares: readonly number[], means: readonly number[]): number {
  const products = shares.map((share, expert) => share * (means[expert] ?? 0));
  return 0.01 * shares.length * products.reduce((sum, value) => sum + value, 0);
}

/** −Σ p log2 p. */
export function entropyBits(p: Iterable<number>): number {
  let sum = 0;
  for (const value of p) if (value > 0) sum -= value * Math.log2(value);
  return sum;
}

/** Squared coefficient of variation, CV² = var / mean². */
export function variation(shares: readonly number[]): number {
  const mean = shares.reduce((sum, value) => sum + value, 0) / shares.length;
  const variance = shares.reduce((sum, value) => sum + (value - mean) ** 2, 0) / shares.length;
  return variance / mean ** 2;
}

/** Experts by probability, best first (the first of equals), until they sum to τ, within the limits. */
export function chooseBest(p: Float64Array, limits: RouteLimits): readonly number[] {
  const ranked = [...p.keys()].toSorted((a, b) => (p[b] ?? 0) - (p[a] ?? 0));
  let sum = 0;
  let count = 0;
  while (count < limits.maxExperts && (count < limits.minExperts || sum < limits.threshold)) {
    sum += p[ranked[count] ?? 0] ?? 0;
    count += 1;
  }
  return ranked.slice(0, count);
}

/**
 * The largest τ at which the routes have at most `meanExperts` experts on average: the one free
 * choice of a gate, fixed by what a request may cost.
 */
export function chooseThreshold(
  probabilities: Float64Array,
  experts: number,
  limits: Omit<RouteLimits, 'threshold'> & { readonly meanExperts: number },
): number {
  let low = 0;
  let high = 1;
  for (let step = 0; step < 20; step += 1) {
    const threshold = (low + high) / 2;
    const { meanK } = routingFigures(probabilities, experts, { ...limits, threshold });
    if (meanK <= limits.meanExperts) low = threshold;
    else high = threshold;
  }
  return Math.floor(low * 1000) / 1000;
}
