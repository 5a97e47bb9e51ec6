import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import { elementBytes, type DataType, type Tensor } from '../../domain/tensor.ts';
import type { ModelValue } from './signature-check.ts';
import type { ThreadModel } from './thread-models.ts';

/** How every session of ours computes. */
// One thread computes a run: threads inside the engine spend twice the CPU for 1.6 times the speed,
// and the pool of model threads already uses every core that it was given.
export const sessionOptions: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  logSeverityLevel: 4,
};

/** Creates an onnxruntime session in this thread. */
export async function openOnnxSession(bytes: Uint8Array): Promise<ThreadModel> {
  const session = await InferenceSession.create(bytes, sessionOptions);
  return {
    model: {
      inputs: session.inputMetadata.map((each) => modelValue(each)),
      outputs: session.outputMetadata.map((each) => modelValue(each)),
    },
    run: async (inputs, outputs) => {
      const feeds = Object.fromEntries(inputs.map((tensor) => [tensor.name, onnxTensor(tensor)]));
      const results = await session.run(feeds, outputs);
      return outputs.map((name) => plainTensor(name, results[name]));
    },
    release: () => session.release(),
  };
}

function modelValue(value: InferenceSession.ValueMetadata): ModelValue {
  if (!value.isTensor) return { name: value.name, dtype: 'not a tensor', shape: [] };
  return { name: value.name, dtype: value.type, shape: [...value.shape] };
}

/** The engine's form of a tensor, on the same bytes. */
export function onnxTensor({ dtype, shape, data }: Tensor): OnnxTensor {
  const { buffer, byteOffset, byteLength } = data;
  const length = byteLength / elementBytes[dtype];
  switch (dtype) {
    case 'float32':
      return new OnnxTensor(dtype, new Float32Array(buffer, byteOffset, length), shape);
    case 'int32':
      return new OnnxTensor(dtype, new Int32Array(buffer, byteOffset, length), shape);
    case 'int64':
      return new OnnxTensor(dtype, new BigInt64Array(buffer, byteOffset, length), shape);
    case 'uint8':
    case 'bool':
      return new OnnxTensor(dtype, data, shape);
    default:
      return dtype satisfies never;
  }
}

function plainTensor(name: string, value: OnnxTensor | undefined): Tensor {
  if (value === undefined) throw new Error(`the run gave no ${name}`);
  const { type, dims, data } = value;
  if (!isDataType(type) || !ArrayBuffer.isView(data)) throw new Error(`${name} is ${type}`);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, dtype: type, shape: [...dims], data: bytes };
}

function isDataType(type: string): type is DataType {
  return Object.hasOwn(elementBytes, type);
}
