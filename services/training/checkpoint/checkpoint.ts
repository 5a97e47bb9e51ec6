import { ChorusError } from '../../domain/errors.ts';

/** What a stage of training leaves behind, by name; in shared memory when it was read back. */
export type StageArrays = Readonly<Record<string, Int32Array | Float32Array | Float64Array>>;

/** Keeps what finished stages computed, so that a run that was ended can go on after them. */
export interface Checkpoint {
  /** What a stage left, or nothing. */
  load(stage: string): Promise<StageArrays | undefined>;
  /** Keeps what a stage left, at once and wholly, instead of what it left before. */
  save(stage: string, arrays: StageArrays): Promise<void>;
}

/** For runs that are too short to be worth it: keeps nothing. */
export const noCheckpoint: Checkpoint = {
  load: async () => undefined,
  save: async () => undefined,
};

/** An array that a stage left. */
export function float32Of(kept: StageArrays, name: string): Float32Array {
  const array = kept[name];
  if (array instanceof Float32Array) return array;
  throw missing(name, 'Float32Array');
}

/** As `float32Of`. */
export function float64Of(kept: StageArrays, name: string): Float64Array {
  const array = kept[name];
  if (array instanceof Float64Array) return array;
  throw missing(name, 'Float64Array');
}

function missing(name: string, type: string): ChorusError {
  return new ChorusError('invalid_argument', `the checkpoint lacks ${name}, a ${type}`);
}
