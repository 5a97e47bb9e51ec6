import type { ModelSignature } from '../../domain/bundle.ts';
import type { Tensor } from '../../domain/tensor.ts';

/**
 * Runs models away from the serving thread. A run blocks the thread that it runs on
 * (onnxruntime's `run()` is synchronous under its promise), so models live in threads of their
 * own and a call costs one hop to such a thread: hand over whole batches.
 */
export interface ModelRunner {
  /**
   * Checks the bytes (no external data, no foreign operators, inputs and outputs as in the
   * signature), creates a session and keeps it until `release`.
   * @param bytes the very bytes whose hash was checked.
   * @throws ChorusError `bundle_rejected` with the reason.
   */
  load(name: string, bytes: Uint8Array, signature: ModelSignature): Promise<LoadedModel>;
  /**
   * Puts arithmetic of this program into the threads, to be run as a model is: for what ONNX has
   * no operator for, and the serving thread no time.
   * @param module file that exports a `KernelModule`; never a path out of a bundle, for it is code.
   * @param constants what the kernel works with, copied.
   * @throws ChorusError `bundle_rejected` when the module cannot be loaded or refuses the constants.
   */
  loadKernel(
    name: string,
    module: URL,
    signature: ModelSignature,
    constants: readonly Tensor[],
  ): Promise<LoadedModel>;
  /** Runs that can go on at once: the number of threads. */
  readonly capacity: number;
  /** Name of the device that computes: `cpu` or `cuda`. */
  readonly device: string;
  /** Waits for runs in flight, releases every model, ends the threads. Harmless twice. */
  close(): Promise<void>;
}

/** A model ready to run. */
export interface LoadedModel {
  /**
   * Runs one batch.
   * @param inputs one tensor for each input of the signature, all with the same number of rows
   *   on their `batch` axes. Their bytes are not to be changed before the run has ended.
   * @returns one tensor for each output of the signature, in its order.
   * @throws ChorusError `model_failed` when the run fails or gives another number of rows;
   *   `invalid_argument`, with the input as its field, when the inputs do not fit the signature;
   *   `unknown_bundle` after `release`, `unavailable` after the runner's `close`.
   */
  run(inputs: readonly Tensor[]): Promise<ModelRun>;
  /** Waits for its runs in flight and frees its memory. Harmless twice. */
  release(): Promise<void>;
}

/** What one run gave. */
export interface ModelRun {
  readonly outputs: readonly Tensor[];
  /** Time inside the model, in µs, without the hop. */
  readonly runUs: number;
}
