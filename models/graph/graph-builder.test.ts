import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from './graph-builder.ts';

function numbers(tensor: Tensor | undefined): number[] {
  return Array.from(tensor?.data ?? [], Number);
}

function identity(): Uint8Array {
  const graph = new GraphBuilder('same');
  graph.node('Identity', [graph.input('x', 'int32', [1])], {}, 'y');
  graph.output('y', 'int32', [1]);
  return graph.build();
}

async function run(model: Uint8Array, feeds: Record<string, Tensor>) {
  const session = await InferenceSession.create(model);
  const outputs = await session.run(feeds);
  await session.release();
  return outputs;
}

describe('GraphBuilder', () => {
  it('writes a model with every kind of constant and attribute that onnxruntime runs', async () => {
    const graph = new GraphBuilder('sample');
    const x = graph.input('x', 'float32', ['rows', 4]);
    const half = graph.constant('half', 'float32', [], [0.5]);
    const scaled = graph.node('Mul', [x, half]);
    const leaky = graph.node('LeakyRelu', [scaled], { alpha: { float: 0.25 } });
    const swapped = graph.node('Transpose', [leaky], { perm: { ints: [1, 0] } });
    const lengths = graph.constant('lengths', 'int64', [2], [1, 3]);
    graph.nodeOutputs('Split', [swapped, lengths], { axis: { int: 0 } }, ['first', 'rest']);
    graph.node('Cast', ['rest'], { to: { int: 7 } }, 'whole');
    graph.output('first', 'float32', [1, 'rows']);
    graph.output('whole', 'int64', [3, 'rows']);

    const x0 = new Tensor('float32', [-8, 2, 4, 6, 8, 10, 12, 14], [2, 4]);
    const outputs = await run(graph.build(), { x: x0 });
    expect(numbers(outputs['first'])).toEqual([-1, 4]);
    expect(outputs['whole']?.dims).toEqual([3, 2]);
    expect(numbers(outputs['whole'])).toEqual([1, 5, 2, 6, 3, 7]);
  });

  it('gives the same bytes for the same calls, in a buffer of their own', () => {
    expect(identity()).toEqual(identity());
    expect(identity().buffer.byteLength).toBe(identity().byteLength);
  });

  it('refuses values that nothing made, two of one name, and constants that do not fit', () => {
    const graph = new GraphBuilder('wrong');
    graph.input('x', 'float32', [1]);
    expect(() => graph.node('Relu', ['y'])).toThrow('Relu takes y');
    expect(() => graph.output('z', 'float32', [1])).toThrow('takes z');
    expect(() => graph.input('x', 'float32', [1])).toThrow('two values named x');
    expect(() => graph.constant('c', 'float32', [2], [1])).toThrow('its shape needs 8');
    expect(() => graph.constant('c', 'float32', [1], new Int32Array(1))).toThrow('Int32Array');
  });
});
