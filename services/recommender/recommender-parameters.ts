import { z } from 'zod';

/**
 * The recommender's own part of a bundle's manifest (`mixtureParameters`), and the binary files
 * beside it. I = items of the catalogue, W = sum of all block widths; all files are
 * little-endian, row-major.
 *
 * | file | dtype | shape | holds |
 * |---|---|---|---|
 * | `items.json` | JSON | I | `{id, title, genres[], year?}` of each item, row by row |
 * | `head.f32` | float32 | I × W | Q: for each item the columns of all blocks, in their order |
 * | `centre.f32` | float32 | W | mean of Q over the catalogue |
 * | `covariance.f32` | float32 | Σ w_b² | covariance of Q's columns, block by block |
 * | `gram.f32` | float32 | Σ w_b² | VᵀV of each base block (for fold-in) |
 * | `bias.f32` | float32 | I | b |
 * | `transitions-offsets.i32` | int32 | I + 1 | rows of the sparse transitions Tn (CSR) |
 * | `transitions-items.i32` | int32 | nnz | their columns |
 * | `transitions-values.f32` | float32 | nnz | their values |
 * | `expert-<name>.onnx` | ONNX | | `items` int32 [batch, ragged], `weights` float32 [batch, ragged] → `z` float32 [batch, w_experts] |
 *
 * The base blocks' columns of Q are the item vectors V that fold-in uses. The last block belongs
 * to the experts. score_i = Σ_b weight_b (z_b·q_ib − z_b·q̄_b)/σ_b + sequence.weight·ẑ(s_seq)_i + b_i
 * with σ_b = sqrt(z_bᵀ Cov_b z_b), and ẑ the z-score of s_seq over the catalogue.
 */
export const recommenderParameters = z.object({
  itemCount: z.int().min(1),
  baseBlocks: z
    .array(
      z.object({
        width: z.int().min(1),
        /** iALS weight α of all unobserved pairs. */
        alpha: z.number().positive(),
        /** iALS regularisation λ, scaled by |H| + αI (ν = 1). */
        lambda: z.number().positive(),
        /** Weight of the block's z-scored scores in the answer. */
        weight: z.number(),
        /** Past items after which an item's weight in the fold-in has halved; null: all weigh alike. */
        halfLifeItems: z.number().positive().nullable(),
      }),
    )
    .min(1),
  expertBlock: z.object({
    width: z.int().min(1),
    weight: z.number(),
    /** As in a base block, for the weights that experts get with the history. */
    halfLifeItems: z.number().positive().nullable(),
  }),
  gate: z.object({
    /** Index of the base block whose unit-length user vector is the gate's input x. */
    block: z.int().min(0),
    /** p = softmax(W x + b): one row of W for each expert, in the manifest's order. */
    weights: z.array(z.array(z.number())),
    bias: z.array(z.number()),
    /** τ: the fewest experts whose probabilities sum to this are chosen … */
    threshold: z.number().min(0).max(1),
    /** … but at least and at most so many. */
    minExperts: z.int().min(1),
    maxExperts: z.int().min(1),
  }),
  sequence: z.object({
    /** Weight of the z-scored s_seq; 0 switches it off (data without times). */
    weight: z.number(),
    /** s_seq(i) = Σ_{r<lastItems} decay^r · Tn[h_{n−1−r}, i]. */
    lastItems: z.int().min(1),
    decay: z.number().min(0).max(1),
  }),
});

/** The recommender's own part of a manifest, checked. */
export type RecommenderParameters = z.infer<typeof recommenderParameters>;

/** One line of `items.json`. */
export const itemRecord = z.object({
  id: z.string().min(1),
  title: z.string(),
  genres: z.array(z.string()),
  year: z.int().optional(),
});

/** An item as a bundle knows it; its row is its position in the list. */
export type ItemRecord = z.infer<typeof itemRecord>;
