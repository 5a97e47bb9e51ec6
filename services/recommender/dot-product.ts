/**
 * Σ_k left[k] · right[start + k] over the whole of `left`, summed in double precision. Four sums
 * side by side: one alone would wait for each addition before it could begin the next.
 */
export function dotProduct(left: Float32Array, right: Float32Array, start: number): number {
  const whole = left.length - (left.length % 4);
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  for (let k = 0; k < whole; k += 4) {
    const at = start + k;
    first += (left[k] ?? 0) * (right[at] ?? 0);
    second += (left[k + 1] ?? 0) * (right[at + 1] ?? 0);
    third += (left[k + 2] ?? 0) * (right[at + 2] ?? 0);
    fourth += (left[k + 3] ?? 0) * (right[at + 3] ?? 0);
  }
  for (let k = whole; k < left.length; k += 1) first += (left[k] ?? 0) * (right[start + k] ?? 0);
  return first + second + third + fourth;
}
