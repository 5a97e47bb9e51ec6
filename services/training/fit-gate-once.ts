import { meanOf } from './covariance.ts';
import { type Gate, gateProbabilities, softmaxRows } from './gate-probabilities.ts';
import { chooseThreshold, entropyBits, routingFigures } from './routing-metrics.ts';
import { SeededRandom } from './seeded-random.ts';
import { findCommunities, similarities } from './sinkhorn-communities.ts';

/** What a gate should be like. */
export interface GateSettings {
  readonly experts: number;
  /** Mean entropy of its distribution, in bits. */
  readonly entropyBits: number;
  /** How many experts a request gets, see `chooseThreshold`. */
  readonly limits: Parameters<typeof chooseThreshold>[2];
}

/** Several tries at a gate, from different beginnings, and room for what comes out. */
export interface GateAttempts extends GateSettings {
  /** Unit vectors, users × width. */
  readonly tastes: Float64Array;
  readonly width: number;
  /** One per attempt. */
  readonly seeds: Int32Array;
  /** The results: W of each attempt, experts × width … */
  readonly weights: Float64Array;
  /** … b of each, experts … */
  readonly biases: Float64Array;
  /** … and how unevenly each shares out the users: var(f)/mean(f)². */
  readonly unevenness: Float64Array;
}

const bisections = 20;
/** Balancing ends when no expert's mean probability is further off than this share of it … */
const balanced = 1e-3;
/** … or after so many rounds. */
const balancings = 60;
/** Logits per unit of sharpness τ, so that τ = 1 is as sharp as the clustering was. */
const sharpness = 8;
const sharpest = 32;

/** Fits a gate for each of the attempts `from` … `to` − 1, see `fitGate`. */
export function fitGateOnce(input: GateAttempts, from: number, to: number): void {
  const { tastes, width, experts, limits } = input;
  for (let attempt = from; attempt < to; attempt += 1) {
    const gate = fit(input, new SeededRandom(input.seeds[attempt] ?? 0));
    const probabilities = gateProbabilities(gate, tastes, width);
    input.weights.set(gate.weights, attempt * experts * width);
    input.biases.set(gate.bias, attempt * experts);
    const threshold = chooseThreshold(probabilities, experts, limits);
    const figures = routingFigures(probabilities, experts, { ...limits, threshold });
    input.unevenness[attempt] = figures.shareVariation;
  }
}

function fit(input: GateAttempts, random: SeededRandom): Gate {
  const { tastes, width, experts, entropyBits: wanted } = input;
  const centres = findCommunities(tastes, width, experts, random);
  const cosines = similarities(tastes, width, centres);
  const bias = new Float64Array(experts);
  // One for all rounds: so much fresh memory each time would cost more than the arithmetic.
  const p = new Float64Array(cosines.length);
  let low = 0;
  let high = sharpest;
  for (let step = 0; step < bisections; step += 1) {
    const middle = (low + high) / 2;
    balance(cosines, sharpness * middle, bias, p);
    if (meanEntropy(p, experts) > wanted) low = middle;
    else high = middle;
  }
  const scale = (sharpness * (low + high)) / 2;
  balance(cosines, scale, bias, p);
  return { weights: centres.map((value) => value * scale), bias };
}

/** Moves `bias` until every expert gets the same mean probability, and leaves those that it then gives in `p`. */
function balance(cosines: Float64Array, scale: number, bias: Float64Array, p: Float64Array): void {
  const experts = bias.length;
  for (let round = 0; ; round += 1) {
    softmaxRows(cosines, scale, bias, p);
    const loads = meanOf(p, experts).map((mean) => mean * experts);
    const worst = Math.max(...loads.map((load) => Math.abs(load - 1)));
    if (worst < balanced || round === balancings) return;
    loads.forEach((load, expert) => {
      bias[expert] = (bias[expert] ?? 0) - Math.log(Math.max(load, 1e-9));
    });
  }
}

function meanEntropy(p: Float64Array, experts: number): number {
  let sum = 0;
  for (let start = 0; start < p.length; start += experts) {
    sum += entropyBits(p.subarray(start, start + experts));
  }
  return (sum * experts) / p.length;
}
