import { describe, expect, it } from 'vitest';
import { matMul } from '../../../models/graph/mat-mul.ts';
import { floatTensor } from '../../domain/tensor.ts';
import { openOnnxGraph } from './onnx-graph.ts';

describe('openOnnxGraph', () => {
  it('reads shared memory and writes into it, at the place that it is given', async () => {
    const shared = new Float32Array(new SharedArrayBuffer(4 * 12));
    shared.set([1, 2, 3, 4], 2);
    const graph = await openOnnxGraph(matMul());
    const factor = shared.subarray(2, 6);
    await graph.run(
      [floatTensor('a', [2, 2], factor), floatTensor('b', [2, 2], factor)],
      [floatTensor('c', [2, 2], shared.subarray(7, 11))],
    );
    expect([...shared]).toEqual([0, 0, 1, 2, 3, 4, 0, 7, 10, 15, 22, 0]);
  });

  it('refuses room of another shape than the result', async () => {
    const graph = await openOnnxGraph(matMul());
    const factor = floatTensor('a', [2, 2], new Float32Array(4));
    const run = graph.run(
      [factor, { ...factor, name: 'b' }],
      [floatTensor('c', [2, 3], new Float32Array(6))],
    );
    await expect(run).rejects.toThrow(/shape/i);
  });
});
