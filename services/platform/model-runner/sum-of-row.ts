import type { ModelSignature, TensorSignature } from '../../domain/bundle.ts';
import { elementBytes, elementCount, floatsOf, type Tensor } from '../../domain/tensor.ts';

/**
 * The stand-in's default model: every element of an output row is the sum of all float32 elements
 * of that input row (so padding has no effect, and rows that get mixed up show). Outputs of other
 * dtypes are zeros; a ragged axis of an output has length 1.
 */
export function sumOfRow(inputs: readonly Tensor[], signature: ModelSignature): Tensor[] {
  const rows = inputs[0]?.shape[0] ?? 1;
  const sums = new Float64Array(rows);
  for (const input of inputs) {
    if (input.dtype !== 'float32') continue;
    const values = floatsOf(input);
    const rowLength = values.length / rows;
    for (const [index, value] of values.entries()) {
      const row = Math.floor(index / rowLength);
      sums[row] = (sums[row] ?? 0) + value;
    }
  }
  return signature.outputs.map((output) => filled(output, sums));
}

function filled({ name, dtype, shape }: TensorSignature, sums: Float64Array): Tensor {
  const lengths = shape.map((axis) => {
    if (axis === 'batch') return sums.length;
    return axis === 'ragged' ? 1 : axis;
  });
  const data = new Uint8Array(elementCount(lengths) * elementBytes[dtype]);
  if (dtype === 'float32') {
    const values = new Float32Array(data.buffer);
    const width = values.length / sums.length;
    for (const [row, sum] of sums.entries()) values.fill(sum, row * width, (row + 1) * width);
  }
  return { name, dtype, shape: lengths, data };
}
