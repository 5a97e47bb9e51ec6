import { afterEach, describe, expect, it } from 'vitest';
import { embeddingBag } from '../../../models/graph/embedding-bag.ts';
import { GraphBuilder } from '../../../models/graph/graph-builder.ts';
import { matMul } from '../../../models/graph/mat-mul.ts';
import type { Axis, ModelSignature } from '../../domain/bundle.ts';
import { floatsOf, floatTensor } from '../../domain/tensor.ts';
import { RealClock } from '../clock/real-clock.ts';
import { bagBytes, bagInputs, bagSignature, modelRunnerContract } from './model-runner.contract.ts';
import { OnnxModelRunner, type OnnxModelRunnerOptions } from './onnx-model-runner.ts';

const clock = new RealClock();
const faulty = new URL('./faulty-thread.contract.ts', import.meta.url);

modelRunnerContract('OnnxModelRunner', () => new OnnxModelRunner({ clock, threads: 2 }));

describe('OnnxModelRunner', () => {
  const runners: OnnxModelRunner[] = [];
  function start(options: Partial<OnnxModelRunnerOptions> = {}): OnnxModelRunner {
    const runner = new OnnxModelRunner({ clock, threads: 1, ...options });
    runners.push(runner);
    return runner;
  }
  afterEach(() => Promise.all(runners.splice(0).map((runner) => runner.close())));

  it.each<[string, Partial<ModelSignature>]>([
    ['the model has no input users', { inputs: [input('users'), ...bagSignature.inputs] }],
    ['the model needs the input weights', { inputs: bagSignature.inputs.slice(0, 1) }],
    ['input items is int32, declared int64', { inputs: [{ ...input('items'), dtype: 'int64' }] }],
    [
      'input items has the shape [batch,ragged], declared [batch]',
      { inputs: [input('items', ['batch'])] },
    ],
    ['the model has no output y', { outputs: [output('y', 4)] }],
    ['output z has the shape [batch,4], declared [batch,8]', { outputs: [output('z', 8)] }],
    ['output z has the shape [batch,4]', { outputs: [output('z', 'ragged')] }],
  ])('refuses a model that does not fit its signature: %s', async (difference, change) => {
    const loading = start().load('bag', bagBytes, { ...bagSignature, ...change });
    await expect(loading).rejects.toMatchObject({
      code: 'bundle_rejected',
      message: expect.stringContaining(`bag: the model does not fit its signature: ${difference}`),
    });
  });

  it('refuses a graph that the engine cannot make sense of, with its reason', async () => {
    const graph = new GraphBuilder('wrong');
    graph.node('NoSuchOperator', [graph.input('items', 'int32', ['batch'])], {}, 'z');
    graph.output('z', 'float32', ['batch', 4]);
    await expect(start().load('bag', graph.build(), bagSignature)).rejects.toMatchObject({
      code: 'bundle_rejected',
      message: expect.stringContaining('NoSuchOperator'),
    });
  });

  it('survives 200 models with a byte flipped: each is refused, fails or runs', async () => {
    const runner = start();
    for (let trial = 0; trial < 200; trial += 1) {
      const bytes = bagBytes.slice();
      const position = (trial * 7919) % bytes.length;
      bytes[position] = (bytes[position] ?? 0) ^ (1 << (trial % 8));
      // One after another, because a crash should point at its model.
      // oxlint-disable-next-line no-await-in-loop
      const outcome = await tryOut(runner, bytes);
      expect(['ran', 'bundle_rejected', 'model_failed']).toContain(outcome);
    }
  });

  it('fails a run that gives another number of rows', async () => {
    const graph = new GraphBuilder('two-rows');
    const x = graph.input('x', 'float32', ['batch', 1]);
    graph.node('Concat', [x, x], { axis: { int: 0 } }, 'z');
    graph.output('z', 'float32', ['twice', 1]);
    const model = await start().load('twice', graph.build(), {
      file: 'twice.onnx',
      inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 1] }],
      outputs: [{ name: 'z', dtype: 'float32', shape: ['batch', 1] }],
    });
    await expect(model.run([floatTensor('x', [3, 1], new Float32Array(3))])).rejects.toMatchObject({
      code: 'model_failed',
      message: 'z has 6 rows, 3 were given',
    });
  });

  it('carries every element type in and out, of views into larger buffers too', async () => {
    const signatures = (['float32', 'int32', 'int64', 'uint8', 'bool'] as const).map((dtype) => ({
      name: dtype,
      dtype,
      shape: ['batch'] as const,
    }));
    const graph = new GraphBuilder('all-types');
    for (const { name, dtype } of signatures) {
      const value = graph.node(
        'Identity',
        [graph.input(name, dtype, ['batch'])],
        {},
        `${name}_out`,
      );
      graph.output(value, dtype, ['batch']);
    }
    const outputs = signatures.map((each) => ({ ...each, name: `${each.name}_out` }));
    const signature = { file: 'all.onnx', inputs: signatures, outputs };
    const model = await start().load('all', graph.build(), signature);
    const frame = Uint8Array.from({ length: 64 }, (_, index) => index % 2);
    const bytes = { float32: 8, int32: 8, int64: 16, uint8: 2, bool: 2 };
    const inputs = signatures.map(({ name, dtype }) => {
      return { name, dtype, shape: [2], data: frame.subarray(3, 3 + bytes[dtype]) };
    });
    const run = await model.run(inputs);
    expect(run.outputs.map(({ dtype }) => dtype)).toEqual(signatures.map(({ dtype }) => dtype));
    expect(run.outputs.map(({ data }) => [...data].join())).toEqual(
      inputs.map(({ data }) => [...data].join()),
    );
    // The frame is somebody else's: it was copied, not taken.
    expect(frame.byteLength).toBe(64);
  });

  it('leaves the serving thread free while a model runs', async () => {
    const size = 1200;
    const shape: Axis[] = ['ragged', 'ragged'];
    const signature: ModelSignature = {
      file: 'mat-mul.onnx',
      inputs: ['a', 'b'].map((name) => ({ name, dtype: 'float32', shape })),
      outputs: [{ name: 'c', dtype: 'float32', shape }],
    };
    const model = await start().load('product', matMul({ transposeA: true }), signature);
    const order: string[] = [];
    const x = () => new Float32Array(size * size).fill(1);
    const inputs = [floatTensor('a', [size, size], x()), floatTensor('b', [size, size], x())];
    const run = model.run(inputs).then(({ outputs: [c] }) => {
      order.push('run');
      return c && floatsOf(c)[0];
    });
    for (let turn = 0; turn < 3; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await clock.sleep(1);
      order.push('timer');
    }
    expect(await run).toBe(size);
    expect(order).toEqual(['timer', 'timer', 'timer', 'run']);
  });

  it('loads after a crash what was checked, whatever became of the bytes given', async () => {
    const runner = start({ script: faulty });
    const mine = bagBytes.slice();
    const model = await runner.load('bag', mine, bagSignature);
    mine.fill(0);
    await expect(model.run(bagInputs([1], -1))).rejects.toMatchObject({ code: 'model_failed' });
    expect(await sumOf(model.run(bagInputs([5])))).toBe(5);
  });

  it('replaces a thread that dies, and loads its models again', async () => {
    const runner = start({ script: faulty });
    const [first, second] = await Promise.all([
      runner.load('bag', bagBytes, bagSignature),
      runner.load('bag', bagBytes, bagSignature),
    ]);
    const dying = first.run(bagInputs([1], -1));
    const behind = second.run(bagInputs([1]));
    await expect(dying).rejects.toMatchObject({
      code: 'model_failed',
      message: expect.stringContaining('told to die'),
    });
    await expect(behind).rejects.toMatchObject({ code: 'model_failed' });
    expect(await sumOf(first.run(bagInputs([2])))).toBe(2);
    expect(await sumOf(second.run(bagInputs([3])))).toBe(3);
    await first.release();
    await expect(second.run(bagInputs([1], -1))).rejects.toMatchObject({ code: 'model_failed' });
    expect(await sumOf(second.run(bagInputs([4])))).toBe(4);
  });

  it('replaces a thread that hangs', async () => {
    const runner = start({ script: faulty, callTimeoutMs: 2000 });
    const model = await runner.load('bag', bagBytes, bagSignature);
    await expect(model.run(bagInputs([1], -2))).rejects.toMatchObject({
      code: 'model_failed',
      message: 'the model thread stopped: no reply within 2000 ms',
    });
    expect(await sumOf(model.run(bagInputs([2])))).toBe(2);
  });

  it('keeps running one model while others come and go', async () => {
    const runner = start();
    const model = await runner.load('bag', bagBytes, bagSignature);
    const results: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      // oxlint-disable-next-line no-await-in-loop
      const other = await runner.load('bag', bagBytes, bagSignature);
      const runs = [0, 1, 2, 3].map((index) => sumOf(model.run(bagInputs([index]))));
      // oxlint-disable-next-line no-await-in-loop
      const [, ...sums] = await Promise.all([other.release(), ...runs]);
      results.push(...sums.map(Number));
    }
    expect(results).toEqual(Array.from({ length: 5 }, () => [0, 1, 2, 3]).flat());
  });

  it('spreads models over threads by size when each has one copy', async () => {
    const runner = start({ threads: 2, replicas: 1 });
    const table = new Float32Array(4000).fill(1);
    const large = embeddingBag({ table, rows: 1000, width: 4 });
    const models = await Promise.all([
      runner.load('large', large, bagSignature),
      runner.load('small', bagBytes, bagSignature),
    ]);
    const sums = models.map((model) => sumOf(model.run(bagInputs([7], 3))));
    expect(await Promise.all(sums)).toEqual([7, 7]);
  });
});

function input(name: string, shape: Axis[] = ['batch', 'ragged']) {
  return { name, dtype: 'int32' as const, shape };
}

function output(name: string, axis: Axis) {
  return { name, dtype: 'float32' as const, shape: ['batch' as const, axis] };
}

async function sumOf(run: ReturnType<Awaited<ReturnType<OnnxModelRunner['load']>>['run']>) {
  const [z] = (await run).outputs;
  return z === undefined ? undefined : floatsOf(z)[0];
}

async function tryOut(runner: OnnxModelRunner, bytes: Uint8Array): Promise<string> {
  try {
    const model = await runner.load('flipped', bytes, bagSignature);
    try {
      await model.run(bagInputs([1, 2], 3));
    } finally {
      await model.release();
    }
    return 'ran';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}
