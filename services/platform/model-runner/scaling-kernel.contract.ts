import { floatsOf, floatTensor, type Tensor } from '../../domain/tensor.ts';
import type { Kernel } from './kernel.ts';

/** The kernel that the contract runs: multiplies `x` by its only constant. */
export function createKernel([factor]: readonly Tensor[]): Kernel {
  if (factor === undefined) throw new TypeError('one factor expected');
  const [scale = 1] = floatsOf(factor);
  return (inputs) =>
    inputs.map((x) => {
      const scaled = floatsOf(x).map((value) => value * scale);
      return floatTensor('y', x.shape, scaled);
    });
}
