import { meanOf } from './covariance.ts';
import { entropyBits, routingFigures } from './routing-metrics.ts';
import { type SeededRandom } from './seeded-random.ts';
import { findCommunities, similarities, unitRows } from './sinkhorn-communities.ts';

/** A linear gate on unit-length user vectors: p = softmax(W x + b). */
export interface Gate {
  /** W, experts × width. */
  readonly weights: Float64Array;
  readonly bias: Float64Array;
}

/** What a gate should be like. */
export interface GateSettings {
  readonly experts: number;
  /** Mean entropy of its distribution, in bits. */
  readonly entropyBits: number;
}

/** Clusterings to choose from: chance decides how even the experts' shares come out. */
const attempts = 4;
const bisections = 20;
/** Balancing ends when no expert's mean probability is further off than this share of it … */
const balanced = 1e-3;
/** … or after so many rounds. */
const balancings = 60;
/** Logits per unit of sharpness τ, so that τ = 1 is as sharp as the clustering was. */
const sharpness = 8;
const sharpest = 32;

/**
 * Fits a gate in closed form: balanced communities C, logits 8τ·x·C + b, τ found by bisection so
 * that the mean entropy is the one asked for. Balance is restored inside each step of the
 * bisection (b_e −= ln(E·P_e), which is Sinkhorn in the log domain): sharpening afterwards would
 * let the loads drift apart. Of several clusterings it keeps the one whose best two experts per
 * user are shared out most evenly.
 * @param users vectors, users × width; those of length 0 have no taste yet and are left out.
 */
export function fitGate(
  users: Float64Array,
  width: number,
  settings: GateSettings,
  random: SeededRandom,
): Gate {
  const tastes = unitRows(withoutZeros(users, width), width);
  const gates = Array.from({ length: attempts }, () => fitOnce(tastes, width, settings, random));
  const unevenness = gates.map((gate) => {
    const p = gateProbabilities(gate, tastes, width);
    return routingFigures(p, settings.experts, bestTwo).shareVariation;
  });
  const [first] = gates.toSorted(
    (left, right) =>
      (unevenness[gates.indexOf(left)] ?? 0) - (unevenness[gates.indexOf(right)] ?? 0),
  );
  if (first === undefined) throw new Error('no gate was fitted');
  return first;
}

const bestTwo = { threshold: 1, minExperts: 2, maxExperts: 2 };

function fitOnce(
  tastes: Float64Array,
  width: number,
  settings: GateSettings,
  random: SeededRandom,
): Gate {
  const centres = findCommunities(tastes, width, settings.experts, random);
  const cosines = similarities(tastes, width, centres);
  const bias = new Float64Array(settings.experts);
  let low = 0;
  let high = sharpest;
  for (let step = 0; step < bisections; step += 1) {
    const middle = (low + high) / 2;
    const p = balance(cosines, sharpness * middle, bias);
    if (meanEntropy(p, settings.experts) > settings.entropyBits) low = middle;
    else high = middle;
  }
  const scale = (sharpness * (low + high)) / 2;
  balance(cosines, scale, bias);
  return { weights: centres.map((value) => value * scale), bias };
}

/**
 * The gate's probabilities for user vectors of any length.
 * @returns users × experts.
 */
export function gateProbabilities(gate: Gate, users: Float64Array, width: number): Float64Array {
  return softmaxRows(similarities(unitRows(users, width), width, gate.weights), 1, gate.bias);
}

/**
 * Moves `bias` until every expert gets the same mean probability.
 * @returns the probabilities that it then gives.
 */
function balance(cosines: Float64Array, scale: number, bias: Float64Array): Float64Array {
  const experts = bias.length;
  for (let round = 0; ; round += 1) {
    const p = softmaxRows(cosines, scale, bias);
    const loads = meanOf(p, experts).map((mean) => mean * experts);
    const worst = Math.max(...loads.map((load) => Math.abs(load - 1)));
    if (worst < balanced || round === balancings) return p;
    loads.forEach((load, expert) => {
      bias[expert] = (bias[expert] ?? 0) - Math.log(Math.max(load, 1e-9));
    });
  }
}

function softmaxRows(products: Float64Array, scale: number, bias: Float64Array) {
  const experts = bias.length;
  const p = new Float64Array(products.length);
  for (let start = 0; start < p.length; start += experts) {
    let highest = -Infinity;
    for (let expert = 0; expert < experts; expert += 1) {
      const logit = scale * (products[start + expert] ?? 0) + (bias[expert] ?? 0);
      p[start + expert] = logit;
      if (logit > highest) highest = logit;
    }
    let total = 0;
    for (let expert = 0; expert < experts; expert += 1) {
      const value = Math.exp((p[start + expert] ?? 0) - highest);
      p[start + expert] = value;
      total += value;
    }
    for (let expert = 0; expert < experts; expert += 1) {
      p[start + expert] = (p[start + expert] ?? 0) / total;
    }
  }
  return p;
}

function meanEntropy(p: Float64Array, experts: number): number {
  let sum = 0;
  for (let start = 0; start < p.length; start += experts) {
    sum += entropyBits(p.subarray(start, start + experts));
  }
  return (sum * experts) / p.length;
}

function withoutZeros(rows: Float64Array, width: number): Float64Array {
  const kept: number[] = [];
  for (let start = 0; start < rows.length; start += width) {
    const row = rows.subarray(start, start + width);
    if (row.some((value) => value !== 0)) kept.push(...row);
  }
  return Float64Array.from(kept);
}
