import pkg from 'onnx-proto';
import { type DataType, elementBytes, elementCount } from '../../services/domain/tensor.ts';
import { type Attributes, attributeProtos } from './graph-attribute.ts';
import { type ConstantData, rawBytes } from './raw-bytes.ts';

const { onnx } = pkg;
type NodeProto = pkg.onnx.INodeProto;
type TensorProto = pkg.onnx.ITensorProto;
type ValueInfo = pkg.onnx.IValueInfoProto;

/** An axis of a graph's input or output: a fixed length, or the name of one that varies. */
export type Dimension = number | string;

/** The opset of every graph built here, and the IR version that carries it. */
export const builtOpset = 18;
/** The newest IR version that npm's `onnx-proto` declares; onnxruntime loads it with opset 18. */
const builtIrVersion = 8;

const elementTypes = {
  float32: onnx.TensorProto.DataType.FLOAT,
  int64: onnx.TensorProto.DataType.INT64,
  int32: onnx.TensorProto.DataType.INT32,
  uint8: onnx.TensorProto.DataType.UINT8,
  bool: onnx.TensorProto.DataType.BOOL,
} as const satisfies Record<DataType, number>;

/**
 * Writes an ONNX model node by node. Values are named strings: `input`, `constant` and `node`
 * return the name of what they made, for later nodes to take. Nodes must be added after the
 * values that they take, so the graph is sorted as ONNX demands and a cycle cannot be written.
 * Mistakes throw plain errors: they are made by who writes the graph, never by a caller.
 */
export class GraphBuilder {
  readonly #name: string;
  readonly #values = new Set<string>();
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #constants: TensorProto[] = [];
  readonly #nodes: NodeProto[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  /** Declares an input; `shape` may name axes that vary (`'batch'`). */
  input(name: string, dtype: DataType, shape: readonly Dimension[]): string {
    this.#inputs.push(valueInfo(name, dtype, shape));
    return this.#define(name);
  }

  /** Adds fixed elements (weights, axes, shapes); `[]` is the shape of a scalar. */
  constant(name: string, dtype: DataType, shape: readonly number[], data: ConstantData): string {
    const rawData = rawBytes(dtype, data);
    const expected = elementCount(shape) * elementBytes[dtype];
    if (rawData.byteLength !== expected) {
      throw new Error(`constant ${name}: ${rawData.byteLength} bytes, its shape needs ${expected}`);
    }
    const dims = [...shape];
    this.#constants.push({ name, dims, dataType: elementTypes[dtype], rawData });
    return this.#define(name);
  }

  /**
   * Adds an operator with one output.
   * @param inputs names of values; `''` leaves an optional input out.
   * @param as name of its output; made up when absent.
   */
  node(op: string, inputs: readonly string[], attributes: Attributes = {}, as?: string): string {
    const output = as ?? `${op}_${this.#nodes.length}`;
    this.nodeOutputs(op, inputs, attributes, [output]);
    return output;
  }

  /** Adds an operator with several outputs (`Split`, `TopK`), under the names given. */
  nodeOutputs(
    op: string,
    inputs: readonly string[],
    attributes: Attributes,
    outputs: readonly string[],
  ): void {
    for (const input of inputs) if (input !== '') this.#require(input, op);
    this.#nodes.push({
      name: `${op}_${this.#nodes.length}`,
      opType: op,
      input: [...inputs],
      output: [...outputs],
      attribute: attributeProtos(attributes),
    });
    for (const output of outputs) this.#define(output);
  }

  /** Declares a value that some node made as an output of the graph. */
  output(name: string, dtype: DataType, shape: readonly Dimension[]): void {
    this.#require(name, 'the outputs');
    this.#outputs.push(valueInfo(name, dtype, shape));
  }

  /** The model as the bytes of an `.onnx` file. The same calls give the same bytes. */
  build(): Uint8Array<ArrayBuffer> {
    const model = {
      irVersion: builtIrVersion,
      producerName: 'chorus',
      opsetImport: [{ domain: '', version: builtOpset }],
      graph: {
        name: this.#name,
        node: this.#nodes,
        initializer: this.#constants,
        input: this.#inputs,
        output: this.#outputs,
      },
    };
    // Copied, because protobufjs cuts small messages out of Node's shared pool, which can be
    // neither transferred to a thread nor kept without keeping the pool.
    return new Uint8Array(onnx.ModelProto.encode(model).finish());
  }

  #define(name: string): string {
    if (this.#values.has(name)) throw new Error(`the graph has two values named ${name}`);
    this.#values.add(name);
    return name;
  }

  #require(name: string, by: string): void {
    if (!this.#values.has(name)) throw new Error(`${by} takes ${name}, which nothing made yet`);
  }
}

function valueInfo(name: string, dtype: DataType, shape: readonly Dimension[]): ValueInfo {
  const dim = shape.map((axis) =>
    typeof axis === 'number' ? { dimValue: axis } : { dimParam: axis },
  );
  return { name, type: { tensorType: { elemType: elementTypes[dtype], shape: { dim } } } };
}
