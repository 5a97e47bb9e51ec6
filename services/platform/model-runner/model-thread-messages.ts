import type { Tensor } from '../../domain/tensor.ts';
import type { ModelInterface } from './signature-check.ts';

/** Arithmetic of this program, by the address of its module, and what it works with. */
export interface KernelSource {
  readonly kernel: string;
  readonly constants: readonly Tensor[];
}

/** What a thread loads a model from: the checked bytes of an ONNX file, or a kernel. */
export type ModelSource = { readonly bytes: Uint8Array } | KernelSource;

/** What the runner asks of a model thread, done in the order sent. `call` comes back in the reply. */
export type ThreadRequest =
  | {
      readonly kind: 'load';
      readonly call: number;
      readonly model: number;
      readonly source: ModelSource;
    }
  | {
      readonly kind: 'run';
      readonly call: number;
      readonly model: number;
      readonly inputs: readonly Tensor[];
      /** Names of the outputs wanted, in their order. */
      readonly outputs: readonly string[];
    }
  | { readonly kind: 'release'; readonly call: number; readonly model: number };

/** One message to a thread: requests in order, or the word to free every model and end. */
export type ThreadMessage = readonly ThreadRequest[] | 'end';

/** What a thread answers to one call. */
export type ThreadReply =
  | { readonly kind: 'loaded'; readonly call: number; readonly model: ModelInterface | undefined }
  | {
      readonly kind: 'ran';
      readonly call: number;
      readonly outputs: readonly Tensor[];
      readonly runUs: number;
    }
  | { readonly kind: 'released'; readonly call: number }
  | { readonly kind: 'failed'; readonly call: number; readonly message: string };
