import { type GateSettings } from './fit-gate-once.ts';
import { type Gate } from './gate-probabilities.ts';
import { type Workshop } from './ials.ts';
import { type SeededRandom } from './seeded-random.ts';
import { unitRows } from './sinkhorn-communities.ts';
import { sharedFloat64, sharedInt32 } from './threads/shared-arrays.ts';

/** Clusterings to choose from: chance decides how even the experts' shares come out. */
export const gateAttempts = 8;

/**
 * Fits a gate in closed form: balanced communities C, logits 8τ·x·C + b, τ found by bisection so
 * that the mean entropy is the one asked for. Balance is restored inside each step of the
 * bisection (b_e −= ln(load), which is Sinkhorn in the log domain): sharpening afterwards would
 * let the loads drift apart. Of several clusterings it keeps the one whose routes share out
 * the users most evenly.
 * @param users vectors, users × width; those of length 0 have no taste yet and are left out.
 */
export async function fitGate(
  users: Float64Array,
  width: number,
  settings: GateSettings & { readonly random: SeededRandom },
  { threads, onRows }: Workshop,
): Promise<Gate> {
  const { experts, entropyBits, limits, random } = settings;
  const input = {
    tastes: sharedFloat64(unitRows(withoutZeros(users, width), width)),
    width,
    experts,
    entropyBits,
    limits,
    seeds: sharedInt32(Array.from({ length: gateAttempts }, () => random.below(0x7f_ff_ff_ff))),
    weights: sharedFloat64(gateAttempts * experts * width),
    biases: sharedFloat64(gateAttempts * experts),
    unevenness: sharedFloat64(gateAttempts),
  };
  const share = { rows: gateAttempts, chunk: 1, ...(onRows && { onRows }) };
  await threads.run({ name: 'fitGateOnce', input }, share);
  const best = input.unevenness.indexOf(Math.min(...input.unevenness));
  return {
    weights: input.weights.slice(best * experts * width, (best + 1) * experts * width),
    bias: input.biases.slice(best * experts, (best + 1) * experts),
  };
}

function withoutZeros(rows: Float64Array, width: number): Float64Array {
  const kept = new Float64Array(rows.length);
  let length = 0;
  for (let start = 0; start < rows.length; start += width) {
    const row = rows.subarray(start, start + width);
    if (row.every((value) => value === 0)) continue;
    kept.set(row, length);
    length += width;
  }
  return kept.slice(0, length);
}
