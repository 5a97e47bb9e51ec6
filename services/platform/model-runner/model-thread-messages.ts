import type { ModelSignature } from '../../domain/bundle.ts';
import type { Tensor } from '../../domain/tensor.ts';
import type { ModelInterface } from './signature-check.ts';

/** Arithmetic of this program, by the address of its module, and what it works with. */
export interface KernelSource {
  readonly kernel: string;
  readonly constants: readonly Tensor[];
}

/** What a thread loads a model from: the checked bytes of an ONNX file, or a kernel. */
export type ModelSource = { readonly bytes: Uint8Array } | KernelSource;

/** A model as a thread needs it: runs travel without names, so the thread must know them. */
export interface HeldModel {
  readonly source: ModelSource;
  readonly signature: ModelSignature;
}

/** What the runner asks of a model thread besides runs. `call` comes back in the reply. */
export type ThreadRequest =
  | {
      readonly kind: 'load';
      readonly call: number;
      readonly model: number;
      readonly held: HeldModel;
    }
  | { readonly kind: 'release'; readonly call: number; readonly model: number };

/**
 * One message to a thread, done in the order sent: runs that travel together (`packRuns`), another
 * request, or the word to free every model and end.
 */
export type ThreadMessage = ArrayBuffer | ThreadRequest | 'end';

/** What a thread answers to one call that was no run, or that failed. */
export type ThreadReply =
  | { readonly kind: 'loaded'; readonly call: number; readonly model: ModelInterface | undefined }
  | { readonly kind: 'released'; readonly call: number }
  | { readonly kind: 'failed'; readonly call: number; readonly message: string };

/** One message from a thread: results of runs (`packResults`), or another reply. */
export type ThreadAnswer = ArrayBuffer | ThreadReply;
