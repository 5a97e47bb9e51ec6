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
  /** … and how unevenly each shares out the users: the largest share over the smallest. */
  readonly unevenness: Float64Array;
}

const bisections = 20;
/** Balancing ends when no expert's load is further off than this … */
const balanced = 1e-3;
/** … or after so many rounds. */
const balancings = 60;
/**
 * What being chosen counts in an expert's load, against its mean probability: on MovieLens-1M 0
 * left one expert 5.2 % of the choices at a balance loss of 0.0100, 0.25 leaves it 6.1 % at
 * 0.0097, 0.5 7.3 % at 0.0095.
 */
const shareWeight = 0.25;
/** The probability at which an expert is as likely chosen as not. */
const half = 0.1;
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
    input.unevenness[attempt] = figures.maxMinShare;
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

/**
 * Moves `bias` until every expert carries the same load, and leaves the probabilities that it then
 * gives in `p`.
 */
function balance(cosines: Float64Array, scale: number, bias: Float64Array, p: Float64Array): void {
  for (let round = 0; ; round += 1) {
    softmaxRows(cosines, scale, bias, p);
    const loads = loadsOf(p, bias.length);
    const worst = Math.max(...loads.map((load) => Math.abs(load - 1)));
    if (worst < balanced || round === balancings) return;
    loads.forEach((load, expert) => {
      bias[expert] = (bias[expert] ?? 0) - Math.log(Math.max(load, 1e-9));
    });
  }
}

/**
 * Each expert's load, 1 when it is even: between its mean probability and its part in who is
 * chosen at all, for which p/(p + 0.1) stands (choices jump, and balancing needs a slope). Even
 * probabilities alone leave an expert that is all to few and nothing to the rest with a third of
 * another's work; even choices alone would cost the balance loss.
 */
function loadsOf(p: Float64Array, experts: number): Float64Array {
  const mass = new Float64Array(experts);
  const chosen = new Float64Array(experts);
  let all = 0;
  for (let at = 0; at < p.length; at += 1) {
    const value = p[at] ?? 0;
    const chance = value / (value + half);
    mass[at % experts] = (mass[at % experts] ?? 0) + value;
    chosen[at % experts] = (chosen[at % experts] ?? 0) + chance;
    all += chance;
  }
  const users = p.length / experts;
  return mass.map((sum, expert) => {
    const share = (chosen[expert] ?? 0) / all;
    return experts * (((1 - shareWeight) * sum) / users + shareWeight * share);
  });
}

function meanEntropy(p: Float64Array, experts: number): number {
  let sum = 0;
  for (let start = 0; start < p.length; start += experts) {
    sum += entropyBits(p.subarray(start, start + experts));
  }
  return (sum * experts) / p.length;
}
