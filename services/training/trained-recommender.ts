import {
  type ItemRecord,
  type RecommenderParameters,
} from '../recommender/recommender-parameters.ts';
import { type Transitions } from './transitions.ts';

/** A recommender as training leaves it: what a bundle's files will hold, see `recommenderParameters`. */
export interface TrainedRecommender {
  readonly parameters: RecommenderParameters;
  readonly items: readonly ItemRecord[];
  readonly tables: RecommenderTables;
  /** In the order of the gate's rows. */
  readonly experts: readonly TrainedExpert[];
  readonly lineage: Readonly<Record<string, string | number>>;
  readonly metrics: Readonly<Record<string, number | readonly number[]>>;
}

/** The numbers beside the parameters; I items, W the sum of all block widths. */
export interface RecommenderTables {
  /** Q, I × W. */
  readonly head: Float32Array;
  /** Mean of Q, W. */
  readonly centre: Float32Array;
  /** Covariance of Q's columns, block by block, Σ w_b². */
  readonly covariance: Float32Array;
  /** VᵀV of each base block, Σ w_b². */
  readonly gram: Float32Array;
  /** b, I. */
  readonly bias: Float32Array;
  readonly transitions: Transitions;
}

/** An expert: z = Σ_j weight_j · table[j]. */
export interface TrainedExpert {
  readonly name: string;
  /** I × width of the expert block. */
  readonly table: Float32Array;
}
