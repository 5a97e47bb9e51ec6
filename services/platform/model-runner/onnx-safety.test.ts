import pkg from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { embeddingBag } from '../../../models/graph/embedding-bag.ts';
import { checkOnnx, defaultOnnxLimits } from './onnx-safety.ts';

const { onnx } = pkg;
const { AttributeType } = onnx.AttributeProto;
const external: pkg.onnx.ITensorProto = {
  name: 'c',
  dims: [1],
  dataType: 2,
  dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
  externalData: [{ key: 'location', value: '.env' }],
};

function model(graph: pkg.onnx.IGraphProto, rest: pkg.onnx.IModelProto = {}): Uint8Array {
  const opsetImport = [{ domain: '', version: 18 }];
  return onnx.ModelProto.encode({ irVersion: 8, opsetImport, graph, ...rest }).finish();
}

/** A graph whose only node holds `attribute`. */
function withAttribute(attribute: pkg.onnx.IAttributeProto): Uint8Array {
  return model({ node: [{ opType: 'Constant', attribute: [attribute] }] });
}

function nested(depth: number): pkg.onnx.IGraphProto {
  if (depth === 0) return { initializer: [external] };
  const g = nested(depth - 1);
  return { node: [{ opType: 'Map', attribute: [{ type: AttributeType.GRAPH, g }] }] };
}

describe('checkOnnx', () => {
  it('lets a model pass that the graph builder made', () => {
    const bytes = embeddingBag({ table: new Float32Array(64), rows: 8, width: 8 });
    expect(() => checkOnnx(bytes)).not.toThrow();
  });

  const inAnotherFile = 'a constant lies in another file';
  const huge = { dims: [2 ** 20, 2 ** 20], dataType: 1, rawData: new Uint8Array(4) };
  it.each<[string, Uint8Array, string]>([
    ['an external constant', model({ initializer: [external] }), inAnotherFile],
    [
      'external data without the location flag',
      model({ initializer: [{ ...external, dataLocation: 0 }] }),
      inAnotherFile,
    ],
    ['an external attribute', withAttribute({ t: external }), inAnotherFile],
    ['one in a list of attributes', withAttribute({ tensors: [external] }), inAnotherFile],
    ['one in a subgraph', model(nested(3)), inAnotherFile],
    ['one in a list of subgraphs', withAttribute({ graphs: [nested(0)] }), inAnotherFile],
    ['graphs without end', model(nested(40)), 'nested deeper than 32'],
    [
      'a foreign operator',
      model({ node: [{ opType: 'EPContext', domain: 'com.microsoft' }] }),
      'operators of "com.microsoft"',
    ],
    [
      'a foreign opset',
      model({}, { opsetImport: [{ version: 18 }, { domain: 'evil', version: 1 }] }),
      'operators of "evil"',
    ],
    ['a loop', model({ node: [{ opType: 'Loop' }] }), 'the operator Loop'],
    ['a dice', model({ node: [{ opType: 'RandomNormal' }] }), 'the operator RandomNormal'],
    ['an old opset', model({}, { opsetImport: [{ version: 7 }] }), 'its opset is 7, 11 to 21'],
    ['a future opset', model({}, { opsetImport: [{ version: 99 }] }), 'its opset is 99'],
    ['no opset', model({}, { opsetImport: [] }), 'imports no standard opset'],
    ['no graph', onnx.ModelProto.encode({ irVersion: 8 }).finish(), 'it has no graph'],
    ['huge dims', model({ initializer: [huge] }), 'elements, at most 268435456'],
    [
      'negative dims',
      model({ initializer: [{ ...huge, dims: [-1] }] }),
      'elements, at most 268435456',
    ],
    [
      'more dims than bytes',
      model({ initializer: [{ ...huge, dims: [1000] }] }),
      'claims 1000 elements and carries',
    ],
    ['sparse constants', model({ sparseInitializer: [{ dims: [2 ** 40] }] }), 'sparse constants'],
    ['functions of its own', model({}, { functions: [{ name: 'f' }] }), 'functions of its own'],
    ['training steps', model({}, { trainingInfo: [{}] }), 'training steps'],
    ['another format', new TextEncoder().encode('\u0010\0\0\0ORTM....'), 'in the ORT format'],
    ['nothing', new Uint8Array(), 'it has no graph'],
    ['text', new TextEncoder().encode('not a model'), 'not a protobuf message'],
    ['a cut file', model({ name: 'x'.repeat(100) }).subarray(0, 50), 'it ends inside a field'],
    ['a graph that is a number', Uint8Array.of(0x38, 1), 'the wrong wire type'],
  ])('refuses %s', (_, bytes, reason) => {
    expect(() => checkOnnx(bytes)).toThrow(
      expect.objectContaining({
        code: 'bundle_rejected',
        message: expect.stringContaining(reason),
      }),
    );
  });

  it('allows what its limits name', () => {
    const limits = { ...defaultOnnxLimits, domains: ['com.microsoft'], operators: ['If'] };
    const node = [{ opType: 'If' }, { opType: 'Gelu', domain: 'com.microsoft' }];
    expect(() => checkOnnx(model({ node }), limits)).not.toThrow();
    expect(() => checkOnnx(model({ node }), { ...limits, maxNodes: 1 })).toThrow('more than 1');
  });
});
