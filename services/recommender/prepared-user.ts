import { floatTensor, intTensor, type Tensor } from '../domain/tensor.ts';
import { gateProbabilities } from './gate.ts';
import { scaleBase, type ScaledUser } from './head.ts';
import { agedWeights, type KnownHistory, type WholeHistory } from './history.ts';
import type { RecommenderBundle } from './recommender-bundle.ts';
import { sequenceScores, type SequenceScores } from './sequence-scores.ts';

/**
 * All that an answer needs of a user under one bundle, whatever is asked. It does not depend on the
 * catalogue's changes: what was added or deleted since is told apart by its row.
 */
export interface PreparedUser {
  /** Of the state that it rests on. */
  readonly version: string;
  readonly history: WholeHistory;
  /** u0: one vector for each base block. */
  readonly vectors: readonly Float32Array[];
  /** u0 scaled for the head, the experts' block still empty. */
  readonly base: ScaledUser;
  /** The gate's, in the order of the bundle's experts. */
  readonly probabilities: Float32Array;
  readonly sequence: SequenceScores;
  /** What the tasks of this user carry; shared by all of them, so never to be handed to a model. */
  readonly tensors: readonly Tensor[];
  /** Whether u0 is that of an earlier version, because this one's was not ready in time. */
  readonly isBaseOld: boolean;
}

/** Puts together what is known of a user once u0 is there. */
export function prepareUser(
  bundle: RecommenderBundle,
  version: string,
  history: WholeHistory,
  vectors: readonly Float32Array[],
): PreparedUser {
  const { gate } = bundle.parameters;
  return {
    version,
    history,
    vectors,
    base: scaleBase(bundle, vectors),
    probabilities: gateProbabilities(gate, vectors[gate.block] ?? new Float32Array(0)),
    sequence: sequenceScores(bundle, history.rows),
    tensors: taskTensors(bundle, history),
    isBaseOld: false,
  };
}

/** What every expert of a recommender computes from: the history's rows and aged weights. */
export function taskTensors(
  { parameters }: RecommenderBundle,
  { rows, weights }: KnownHistory,
): readonly Tensor[] {
  const shape = [1, rows.length];
  const aged = agedWeights(weights, parameters.expertBlock.halfLifeItems);
  return [intTensor('items', shape, rows), floatTensor('weights', shape, aged)];
}

/** Roughly what a prepared user takes in memory, in bytes. */
export function preparedBytes({ history, vectors, base, sequence }: PreparedUser): number {
  const floats = vectors.reduce((sum, { length }) => sum + length, base.vector.length);
  const { rows, seen, strangers } = history;
  // A set takes some 40 bytes an entry, a short string about as much; the objects around them 1 KiB.
  const entries = 40 * (seen.size + strangers.length);
  return 1024 + 4 * (floats + sequence.scores.length + 3 * rows.length) + entries;
}
