/**
 * The gate of a recommender: p = softmax(W x + b) with x the user vector of the gate's base block
 * at unit length. It sees the user, never the items, so a request has one route.
 *
 * @returns expert probabilities in the order of `weights`; softmax(b) for the zero vector.
 */
export function gateProbabilities(
  gate: { readonly weights: readonly (readonly number[])[]; readonly bias: readonly number[] },
  userVector: Float32Array,
): Float32Array {
  let squares = 0;
  for (const value of userVector) squares += value * value;
  const norm = Math.sqrt(squares) || 1;
  const logits = gate.weights.map((row, expert) => {
    let sum = gate.bias[expert] ?? 0;
    for (let column = 0; column < row.length; column += 1) {
      sum += ((row[column] ?? 0) * (userVector[column] ?? 0)) / norm;
    }
    return sum;
  });
  const peak = Math.max(...logits);
  const masses = logits.map((logit) => Math.exp(logit - peak));
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  return Float32Array.from(masses, (mass) => mass / total);
}
