import { describe, expect, test } from 'vitest';
import { ChorusError } from '../../domain/errors.ts';
import { floatsOf, floatTensor, type Tensor } from '../../domain/tensor.ts';
import { RealClock } from '../clock/real-clock.ts';
import type { LoadedModel, ModelRun } from './model-runner.ts';
import { RowBatches } from './row-batches.ts';

/** Doubles each value, when it is let. */
class Doubling implements LoadedModel {
  readonly batches: number[] = [];
  gate: Promise<void> = Promise.resolve();
  failure: ChorusError | undefined;

  async run([input]: readonly Tensor[]): Promise<ModelRun> {
    if (input === undefined) throw new TypeError('one input expected');
    const { gate, failure } = this;
    this.batches.push(input.shape[0] ?? 0);
    await gate;
    if (failure !== undefined) throw failure;
    const doubled = floatsOf(input).map((value) => 2 * value);
    return { outputs: [floatTensor('y', input.shape, doubled)], runUs: 1 };
  }

  release(): Promise<void> {
    return Promise.resolve();
  }
}

function open(model: Doubling, capacity = 1): RowBatches {
  const options = { clock: new RealClock(), maxRows: 4, capacity };
  return new RowBatches({ model, input: 'x', width: 2 }, options);
}

function ask(rows: RowBatches, count: number): Promise<Float32Array[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => rows.run(Float32Array.of(index, -index))),
  );
}

function doubles(count: number): Float32Array[] {
  return Array.from({ length: count }, (_, index) => Float32Array.of(2 * index, -2 * index));
}

test('what comes in one turn is one batch, and everybody gets their own row', async () => {
  const model = new Doubling();
  expect(await ask(open(model), 3)).toEqual(doubles(3));
  expect(model.batches).toEqual([3]);
});

test('what comes while the model is busy is the next batch, none above the limit', async () => {
  const model = new Doubling();
  const busy = Promise.withResolvers<void>();
  model.gate = busy.promise;
  const rows = open(model);
  const first = ask(rows, 1);
  await expect.poll(() => model.batches).toEqual([1]);
  const others = ask(rows, 6);
  busy.resolve();
  expect(await first).toEqual(doubles(1));
  expect(await others).toEqual(doubles(6));
  expect(model.batches).toEqual([1, 4, 2]);
});

test('as many batches run at once as there are threads', async () => {
  const model = new Doubling();
  const busy = Promise.withResolvers<void>();
  model.gate = busy.promise;
  const asking = ask(open(model, 2), 12);
  await expect.poll(() => model.batches).toEqual([4, 4]);
  busy.resolve();
  expect(await asking).toEqual(doubles(12));
});

describe('a batch that fails', () => {
  test('fails for its rows alone', async () => {
    const model = new Doubling();
    model.failure = new ChorusError('model_failed', 'no');
    const rows = open(model);
    const failed = await Promise.allSettled([
      rows.run(new Float32Array(2)),
      rows.run(new Float32Array(2)),
    ]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    model.failure = undefined;
    expect(await ask(rows, 2)).toEqual(doubles(2));
  });
});
