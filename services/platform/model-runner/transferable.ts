import type { Tensor } from '../../domain/tensor.ts';

/** Tensors whose bytes fill a buffer of their own, copying those that are part of a larger one. */
export function ownBuffers(tensors: readonly Tensor[]): Tensor[] {
  return tensors.map((tensor) => (ownsBuffer(tensor.data) ? tensor : copied(tensor)));
}

/** The buffers to hand to another thread with `tensors`; each once, as postMessage demands. */
export function buffersOf(tensors: readonly Tensor[]): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { data } of tensors) {
    if (data.buffer instanceof ArrayBuffer) buffers.add(data.buffer);
  }
  return [...buffers];
}

function ownsBuffer({ buffer, byteLength }: Uint8Array): boolean {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
}

/** The same tensor with bytes of its own. */
export function copied({ name, dtype, shape, data }: Tensor): Tensor {
  return { name, dtype, shape, data: new Uint8Array(data) };
}
