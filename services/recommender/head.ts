import type { HeadBlock, RecommenderBundle } from './recommender-bundle.ts';

/** A user's combined vector made ready to score any item. */
export interface ScaledUser {
  /** weight_b/σ_b · z_b, block after block: score_i = vector·q_i + offset + b_i (+ s_seq). */
  readonly vector: Float32Array;
  /** −Σ_b (weight_b/σ_b) z_b·q̄_b: centres every block's scores over the catalogue. */
  readonly offset: number;
  /** weight/σ of each base block. */
  readonly baseScales: readonly number[];
  /** weight/σ of the experts' block, by which one expert's part becomes its share of a score. */
  readonly expertScale: number;
}

/**
 * Scales each block so that its scores have mean 0 and deviation 1 over the catalogue for this
 * very user, then weights it: the standard deviation of z·q over the items is sqrt(zᵀ Cov(Q) z),
 * so no item needs to be scored for it.
 *
 * @param base u of each base block.
 * @param experts Σ g_e z_e; undefined when the base alone answers.
 */
export function scaleUser(
  bundle: RecommenderBundle,
  base: readonly Float32Array[],
  experts: Float32Array | undefined,
): ScaledUser {
  const vector = new Float32Array(bundle.width);
  let offset = 0;
  const place = (block: HeadBlock, z: Float32Array): number => {
    const scale = scaleOf(block, z);
    for (let column = 0; column < block.width; column += 1) {
      const value = scale * (z[column] ?? 0);
      vector[block.start + column] = value;
      offset -= value * (bundle.centre[block.start + column] ?? 0);
    }
    return scale;
  };
  const baseScales = bundle.baseBlocks.map((block, index) => {
    const z = base[index];
    return z === undefined ? 0 : place(block, z);
  });
  const expertScale = experts === undefined ? 0 : place(bundle.expertBlock, experts);
  return { vector, offset, baseScales, expertScale };
}

function scaleOf({ width, weight, covariance }: HeadBlock, z: Float32Array): number {
  let variance = 0;
  for (let row = 0; row < width; row += 1) {
    let sum = 0;
    for (let column = 0; column < width; column += 1) {
      sum += (covariance[row * width + column] ?? 0) * (z[column] ?? 0);
    }
    variance += sum * (z[row] ?? 0);
  }
  // The zero vector (nothing known) has no deviation and adds nothing.
  return variance > 1e-24 ? weight / Math.sqrt(variance) : 0;
}
