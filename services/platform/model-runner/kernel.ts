import type { Tensor } from '../../domain/tensor.ts';

/**
 * Arithmetic that a model thread runs as it runs a model, for what ONNX has no operator for (it
 * cannot solve linear equations). Called with one tensor per input of the signature, in its order;
 * gives one per output. Synchronous, and deterministic.
 */
export type Kernel = (inputs: readonly Tensor[]) => readonly Tensor[];

/** What a kernel's module exports: makes the kernel from the constants that it works with. */
export interface KernelModule {
  createKernel(constants: readonly Tensor[]): Kernel;
}
