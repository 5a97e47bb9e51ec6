import { InferenceSession } from 'onnxruntime-node';
import type { Tensor } from '../../domain/tensor.ts';
import type { Graph } from './graph.ts';
import { onnxTensor, sessionOptions } from './onnx-session.ts';

/** Opens a graph on onnxruntime, in this thread. It lives as long as the thread. */
export async function openOnnxGraph(bytes: Uint8Array): Promise<Graph> {
  // The pattern of memory is remembered per shape, and training runs thousands of shapes.
  const session = await InferenceSession.create(bytes, {
    ...sessionOptions,
    enableMemPattern: false,
  });
  return {
    run: async (inputs, outputs) => {
      // A tensor under an output's name is filled in place: no copy of what may be 55 MB.
      await session.run(byName(inputs), byName(outputs));
    },
  };
}

function byName(tensors: readonly Tensor[]) {
  return Object.fromEntries(tensors.map((tensor) => [tensor.name, onnxTensor(tensor)]));
}
