import type { Tensor } from '../../domain/tensor.ts';

/** The same tensor with bytes of its own. */
export function copied({ name, dtype, shape, data }: Tensor): Tensor {
  return { name, dtype, shape, data: new Uint8Array(data) };
}
