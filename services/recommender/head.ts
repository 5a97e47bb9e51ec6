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
  return addExperts(bundle, scaleBase(bundle, base), experts);
}

/** The base blocks' part of a scaled user: all that is known before the experts answer. */
export function scaleBase(bundle: RecommenderBundle, base: readonly Float32Array[]): ScaledUser {
  const vector = new Float32Array(bundle.width);
  let offset = 0;
  const baseScales = bundle.baseBlocks.map((block, index) => {
    const z = base[index];
    if (z === undefined) return 0;
    const scale = scaleOf(block, z);
    offset += place(bundle, block, z, scale, vector);
    return scale;
  });
  return { vector, offset, baseScales, expertScale: 0 };
}

/** A user scaled so far, with the experts' block filled in; leaves `base` as it is. */
export function addExperts(
  bundle: RecommenderBundle,
  base: ScaledUser,
  experts: Float32Array | undefined,
): ScaledUser {
  if (experts === undefined) return base;
  const { expertBlock } = bundle;
  const vector = base.vector.slice();
  const expertScale = scaleOf(expertBlock, experts);
  const offset = base.offset + place(bundle, expertBlock, experts, expertScale, vector);
  return { vector, offset, baseScales: base.baseScales, expertScale };
}

/** Writes scale · z into the block's columns; gives the block's part of the offset. */
function place(
  { centre }: RecommenderBundle,
  { start, width }: HeadBlock,
  z: Float32Array,
  scale: number,
  vector: Float32Array,
): number {
  let offset = 0;
  for (let column = 0; column < width; column += 1) {
    const value = scale * (z[column] ?? 0);
    vector[start + column] = value;
    offset -= value * (centre[start + column] ?? 0);
  }
  return offset;
}

function scaleOf({ width, weight, covariance }: HeadBlock, z: Float32Array): number {
  let variance = 0;
  for (let row = 0; row < width; row += 1) {
    const base = row * width;
    const own = z[row] ?? 0;
    // The matrix is symmetric: below the diagonal stands half of the rest.
    let sum = 0.5 * (covariance[base + row] ?? 0) * own;
    for (let column = 0; column < row; column += 1) {
      sum += (covariance[base + column] ?? 0) * (z[column] ?? 0);
    }
    variance += 2 * sum * own;
  }
  // The zero vector (nothing known) has no deviation and adds nothing.
  return variance > 1e-24 ? weight / Math.sqrt(variance) : 0;
}
