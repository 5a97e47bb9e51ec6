import { choleskySolve } from './cholesky.ts';
import { chooseBest } from './routing-metrics.ts';
import { type TrainedRecommender } from './trained-recommender.ts';

/** What the plainest reading of a trained recommender says about a history. */
export interface ReferenceAnswer {
  /** One score for each item of the catalogue. */
  readonly scores: Float64Array;
  /** The gate's full distribution, in the order of the experts. */
  readonly probabilities: readonly number[];
  readonly choices: readonly { readonly expert: string; readonly weight: number }[];
}

/** An item that the user met. */
export interface PastItem {
  readonly row: number;
  /** 1 for a plain positive; recency comes on top. */
  readonly weight: number;
}

/**
 * Scores the whole catalogue in plain loops, straight from the formula of `recommenderParameters`
 * and sharing no code with serving, which must agree with it to 1e-4.
 * @param history oldest first; empty: the popularity bias alone.
 */
export function referenceScores(
  model: TrainedRecommender,
  history: readonly PastItem[],
): ReferenceAnswer {
  const { parameters, tables, experts } = model;
  const { gate, baseBlocks, expertBlock } = parameters;
  const bases = baseBlocks.map((_, block) => foldInHistory(model, block, history));
  const probabilities = softmax(gateLogits(gate, unit(bases[gate.block] ?? [])));
  const chosen = chooseBest(Float64Array.from(probabilities), gate);
  const mass = chosen.reduce((sum, expert) => sum + (probabilities[expert] ?? 0), 0);
  const choices = chosen.map((expert) => ({
    expert: experts[expert]?.name ?? '',
    weight: (probabilities[expert] ?? 0) / mass,
  }));
  const weights = recent(history, expertBlock.halfLifeItems);
  const combined = Array.from({ length: expertBlock.width }, () => 0);
  for (const { expert, weight } of choices) {
    const table = experts.find(({ name }) => name === expert)?.table ?? new Float32Array();
    history.forEach(({ row }, at) => {
      for (let k = 0; k < combined.length; k += 1) {
        const value = table[row * combined.length + k] ?? 0;
        combined[k] = (combined[k] ?? 0) + weight * (weights[at] ?? 0) * value;
      }
    });
  }
  const scores = Float64Array.from(tables.bias);
  [...bases, combined].forEach((z, block) => addBlock(model, block, z, scores));
  addSequence(model, history, scores);
  return { scores, probabilities, choices };
}

function recent(history: readonly PastItem[], halfLifeItems: number | null): readonly number[] {
  return history.map(({ weight }, at) => {
    const age = history.length - 1 - at;
    return weight * (halfLifeItems === null ? 1 : 0.5 ** (age / halfLifeItems));
  });
}

/** u of (αG + Σ w v vᵀ + λ(Σw + αI)·Id) u = Σ w v. */
function foldInHistory(
  { parameters, tables }: TrainedRecommender,
  index: number,
  history: readonly PastItem[],
): readonly number[] {
  const block = parameters.baseBlocks[index];
  if (block === undefined || history.length === 0) {
    return Array.from({ length: block?.width ?? 0 }, () => 0);
  }
  const { width, alpha, lambda, halfLifeItems } = block;
  const { start, squares, total } = placeOf(parameters, index);
  const weights = recent(history, halfLifeItems);
  const sum = weights.reduce((left, right) => left + right, 0);
  const u = new Float64Array(width);
  const matrix = new Float64Array(width * width);
  for (let i = 0; i < width; i += 1) {
    for (let j = 0; j < width; j += 1) {
      let value = alpha * (tables.gram[squares + i * width + j] ?? 0);
      if (i === j) value += lambda * (sum + alpha * parameters.itemCount);
      history.forEach(({ row }, at) => {
        const v = row * total + start;
        value += (weights[at] ?? 0) * (tables.head[v + i] ?? 0) * (tables.head[v + j] ?? 0);
      });
      matrix[i * width + j] = value;
    }
    history.forEach(({ row }, at) => {
      const v = tables.head[row * total + start + i] ?? 0;
      u[i] = (u[i] ?? 0) + (weights[at] ?? 0) * v;
    });
  }
  choleskySolve(matrix, width, u);
  return [...u];
}

/** Where a block's columns of Q, and its square matrices, begin. */
function placeOf({ baseBlocks, expertBlock }: TrainedRecommender['parameters'], index: number) {
  const widths = [...baseBlocks.map(({ width }) => width), expertBlock.width];
  const before = widths.slice(0, index);
  return {
    width: widths[index] ?? 0,
    start: before.reduce((sum, width) => sum + width, 0),
    squares: before.reduce((sum, width) => sum + width * width, 0),
    total: widths.reduce((sum, width) => sum + width, 0),
  };
}

function unit(vector: readonly number[]): readonly number[] {
  const length = Math.hypot(...vector);
  return vector.map((value) => (length > 0 ? value / length : 0));
}

function gateLogits(
  { weights, bias }: TrainedRecommender['parameters']['gate'],
  x: readonly number[],
): readonly number[] {
  return bias.map((value, expert) =>
    x.reduce((sum, xk, k) => sum + xk * (weights[expert]?.[k] ?? 0), value),
  );
}

function softmax(logits: readonly number[]): readonly number[] {
  const highest = Math.max(...logits);
  const raised = logits.map((logit) => Math.exp(logit - highest));
  const total = raised.reduce((sum, value) => sum + value, 0);
  return raised.map((value) => value / total);
}

/** weight_b (z·q_i − z·q̄)/σ; nothing where z is 0. */
function addBlock(
  { parameters, tables }: TrainedRecommender,
  index: number,
  z: readonly number[],
  scores: Float64Array,
): void {
  const { width, start, squares, total } = placeOf(parameters, index);
  const { weight } = parameters.baseBlocks[index] ?? parameters.expertBlock;
  let variance = 0;
  for (let i = 0; i < width; i += 1) {
    for (let j = 0; j < width; j += 1) {
      const covariance = tables.covariance[squares + i * width + j] ?? 0;
      variance += (z[i] ?? 0) * covariance * (z[j] ?? 0);
    }
  }
  if (!(variance > 0)) return;
  const sigma = Math.sqrt(variance);
  for (let item = 0; item < scores.length; item += 1) {
    let product = 0;
    for (let k = 0; k < width; k += 1) {
      const centred =
        (tables.head[item * total + start + k] ?? 0) - (tables.centre[start + k] ?? 0);
      product += (z[k] ?? 0) * centred;
    }
    scores[item] = (scores[item] ?? 0) + (weight * product) / sigma;
  }
}

/** weight · z-score of Σ_{r<lastItems} decay^r · Tn[h_{n−1−r}, i]. */
function addSequence(
  { parameters, tables }: TrainedRecommender,
  history: readonly PastItem[],
  scores: Float64Array,
): void {
  const { weight, lastItems, decay } = parameters.sequence;
  const { offsets, items, values } = tables.transitions;
  const raw = new Float64Array(scores.length);
  for (const [r, { row }] of history.toReversed().slice(0, lastItems).entries()) {
    for (let at = offsets[row] ?? 0; at < (offsets[row + 1] ?? 0); at += 1) {
      const item = items[at] ?? 0;
      raw[item] = (raw[item] ?? 0) + decay ** r * (values[at] ?? 0);
    }
  }
  const mean = raw.reduce((sum, value) => sum + value, 0) / raw.length;
  const variance = raw.reduce((sum, value) => sum + (value - mean) ** 2, 0) / raw.length;
  if (weight === 0 || !(variance > 0)) return;
  raw.forEach((value, item) => {
    scores[item] = (scores[item] ?? 0) + (weight * (value - mean)) / Math.sqrt(variance);
  });
}
