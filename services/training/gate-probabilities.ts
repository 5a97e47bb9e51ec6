import { similarities, unitRows } from './sinkhorn-communities.ts';

/** A linear gate on unit-length user vectors: p = softmax(W x + b). */
export interface Gate {
  /** W, experts × width. */
  readonly weights: Float64Array;
  readonly bias: Float64Array;
}

/**
 * The gate's probabilities for user vectors of any length.
 * @returns users × experts.
 */
export function gateProbabilities(gate: Gate, users: Float64Array, width: number): Float64Array {
  const products = similarities(unitRows(users, width), width, gate.weights);
  softmaxRows(products, 1, gate.bias, products);
  return products;
}

/** p = softmax(scale · products + bias), row by row; `p` may be `products` itself. */
export function softmaxRows(
  products: Float64Array,
  scale: number,
  bias: Float64Array,
  p: Float64Array,
): void {
  const experts = bias.length;
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
}
