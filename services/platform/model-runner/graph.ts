import type { Tensor } from '../../domain/tensor.ts';

/** A graph that computes in the thread that calls it: for training, whose threads own their arrays. */
export interface Graph {
  /**
   * Runs the graph and blocks the thread while it does.
   * @param inputs their `data` is read in place, shared memory included.
   * @param outputs their `data` is overwritten with the result; names and shapes must be the graph's.
   * @throws Error the engine's own, for a shape or a name that does not fit.
   */
  run(inputs: readonly Tensor[], outputs: readonly Tensor[]): Promise<void>;
}
