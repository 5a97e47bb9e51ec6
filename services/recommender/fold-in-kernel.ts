import { floatsOf, floatTensor, intsOf, type Tensor } from '../domain/tensor.ts';
import type { Kernel } from '../platform/model-runner/kernel.ts';
import { foldIn } from './fold-in.ts';

/**
 * Fold-in of one base block, as the model runner's threads run it: `items` int32 and `weights`
 * float32, both [batch, ragged], to `u` float32 [batch, width]. Padding has weight 0 and no effect.
 *
 * @param constants `vectors` [items, width], `gram` [width, width], `regularisation` [α, λ].
 */
export function createKernel(constants: readonly Tensor[]): Kernel {
  const [vectorsTensor, gramTensor, regularisation] = constants;
  if (vectorsTensor === undefined || gramTensor === undefined || regularisation === undefined) {
    throw new TypeError('a fold-in kernel needs vectors, gram and regularisation');
  }
  const [itemCount = 0, width = 0] = vectorsTensor.shape;
  const [alpha = 0, lambda = 0] = floatsOf(regularisation);
  const block = {
    width,
    alpha,
    lambda,
    itemCount,
    gram: floatsOf(gramTensor),
    vectors: floatsOf(vectorsTensor),
  };
  return ([items, weights]) => {
    if (items === undefined || weights === undefined) throw new TypeError('two inputs expected');
    const [batch = 0, length = 0] = items.shape;
    const rows = intsOf(items);
    const masses = floatsOf(weights);
    const users = new Float32Array(batch * width);
    for (let row = 0; row < batch; row += 1) {
      const from = row * length;
      const user = foldIn(
        block,
        rows.subarray(from, from + length),
        masses.subarray(from, from + length),
      );
      users.set(user, row * width);
    }
    return [floatTensor('u', [batch, width], users)];
  };
}
