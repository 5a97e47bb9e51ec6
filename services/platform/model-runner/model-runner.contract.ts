import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { embeddingBag } from '../../../models/graph/embedding-bag.ts';
import type { ModelSignature } from '../../domain/bundle.ts';
import { floatsOf, floatTensor, intTensor, type Tensor } from '../../domain/tensor.ts';
import { joinRows, splitRows } from './batch-tensors.ts';
import type { LoadedModel, ModelRunner } from './model-runner.ts';

/** Items in the table of the model that the contract runs; a run with a higher one fails. */
export const bagRows = 10;
const width = 4;

/** The model that the contract loads: each element of z is the sum of the row's weights. */
export const bagSignature: ModelSignature = {
  file: 'bag.onnx',
  inputs: [
    { name: 'items', dtype: 'int32', shape: ['batch', 'ragged'] },
    { name: 'weights', dtype: 'float32', shape: ['batch', 'ragged'] },
  ],
  outputs: [{ name: 'z', dtype: 'float32', shape: ['batch', width] }],
};

/** Its bytes: an embedding bag whose table holds ones. */
export const bagBytes = embeddingBag({
  table: new Float32Array(bagRows * width).fill(1),
  rows: bagRows,
  width,
});

const scaleSignature: ModelSignature = {
  file: '',
  inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 1] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['batch', 1] }],
};

/** One history for it. */
export function bagInputs(weights: readonly number[], item = 0): Tensor[] {
  const shape = [1, weights.length];
  return [
    intTensor('items', shape, new Int32Array(weights.length).fill(item)),
    floatTensor('weights', shape, Float32Array.from(weights)),
  ];
}

/** What every adapter of the model runner keeps; `start` gives a fresh one with two threads. */
export function modelRunnerContract(name: string, start: () => ModelRunner): void {
  describe(`${name}: the model runner contract`, () => {
    let runner: ModelRunner;
    let model: LoadedModel;

    beforeEach(async () => {
      runner = start();
      model = await runner.load('bag', bagBytes, bagSignature);
    });
    afterEach(() => runner.close());

    async function sums(inputs: readonly Tensor[]): Promise<number[][]> {
      const { outputs } = await model.run(inputs);
      expect(outputs).toHaveLength(1);
      return outputs.map((output) => Array.from(floatsOf(output)));
    }

    it('runs a model and says how long it took', async () => {
      const { outputs, runUs } = await model.run(bagInputs([1, 2, 3]));
      expect(outputs[0]).toMatchObject({ name: 'z', dtype: 'float32', shape: [1, width] });
      expect(outputs.map((output) => Array.from(floatsOf(output)))).toEqual([[6, 6, 6, 6]]);
      expect(runUs).toBeGreaterThanOrEqual(0);
      expect(runner.capacity).toBe(2);
      expect(runner.device).toBe('cpu');
    });

    it('takes inputs in any order, and an empty history', async () => {
      expect(await sums(bagInputs([0.5, 0.25]).toReversed())).toEqual([[0.75, 0.75, 0.75, 0.75]]);
      expect(await sums(bagInputs([]))).toEqual([[0, 0, 0, 0]]);
    });

    it('gives a batch of rows the same as each row alone', async () => {
      const histories = Array.from({ length: 33 }, (_, row) =>
        Array.from({ length: row % 7 }, (__, index) => Math.sin(row + index)),
      );
      const alone = await Promise.all(histories.map((weights) => sums(bagInputs(weights))));
      const tasks = histories.map((weights) => bagInputs(weights));
      const { inputs, rows } = joinRows(bagSignature, tasks);
      const { outputs } = await model.run(inputs);
      for (const [index, part] of splitRows(outputs, rows).entries()) {
        const [together] = part.map((tensor) => floatsOf(tensor));
        for (const [column, value] of alone[index]?.[0]?.entries() ?? []) {
          expect(together?.[column]).toBeCloseTo(value, 5);
        }
      }
    });

    it('gives many concurrent runs each its own result', async () => {
      const runs = Array.from({ length: 200 }, async (_, index) => sums(bagInputs([index])));
      const results = await Promise.all(runs);
      expect(results.map(([row]) => row?.[0])).toEqual(results.map((_, index) => index));
    });

    it('names the input that does not fit', async () => {
      const [items, weights] = bagInputs([1, 2]);
      if (items === undefined || weights === undefined) throw new Error('the model has two inputs');
      const twoRows = floatTensor('weights', [2, 2], new Float32Array(4));
      const cut = { ...weights, data: weights.data.subarray(4) };
      const wrong: [string, Tensor[], string][] = [
        ['weights', [items], 'missing'],
        ['weights', [items, intTensor('weights', [1, 2], new Int32Array(2))], 'int32'],
        ['weights', [items, { ...weights, shape: [2] }], '[batch,ragged] expected'],
        ['weights', [items, cut], '4 bytes, its shape needs 8'],
        ['weights', [items, twoRows], '2 rows where others have 1'],
        ['more', [items, weights, { ...weights, name: 'more' }], '3 inputs, 2 expected'],
      ];
      for (const [field, inputs, message] of wrong) {
        // oxlint-disable-next-line no-await-in-loop
        await expect(model.run(inputs)).rejects.toMatchObject({
          code: 'invalid_argument',
          field,
          message: expect.stringContaining(message),
        });
      }
    });

    it('fails a run with a typed error, and the runs beside and after it give their results', async () => {
      const failing = model.run(bagInputs([1], bagRows));
      const beside = sums(bagInputs([2]));
      await expect(failing).rejects.toMatchObject({ code: 'model_failed' });
      expect(await beside).toEqual([[2, 2, 2, 2]]);
      expect(await sums(bagInputs([3]))).toEqual([[3, 3, 3, 3]]);
    });

    it('refuses bytes that are no model', async () => {
      await expect(runner.load('empty', new Uint8Array(), bagSignature)).rejects.toMatchObject({
        code: 'bundle_rejected',
        message: expect.stringContaining('empty:'),
      });
    });

    it('runs a kernel of this program as it runs a model', async () => {
      const url = new URL('./scaling-kernel.contract.ts', import.meta.url);
      const factor = floatTensor('factor', [1], Float32Array.of(3));
      const kernel = await runner.loadKernel('scale', url, scaleSignature, [factor]);
      const { outputs } = await kernel.run([floatTensor('x', [2, 1], Float32Array.of(1, 2))]);
      expect(outputs.map((output) => Array.from(floatsOf(output)))).toEqual([[3, 6]]);
      await kernel.release();
      await expect(runner.loadKernel('scale', url, scaleSignature, [])).rejects.toMatchObject({
        code: 'bundle_rejected',
        message: 'scale: one factor expected',
      });
    });

    it('holds several models and releases one without the others', async () => {
      const other = await runner.load('bag', bagBytes, bagSignature);
      await other.release();
      await other.release();
      await expect(other.run(bagInputs([1]))).rejects.toMatchObject({ code: 'unknown_bundle' });
      expect(await sums(bagInputs([4]))).toEqual([[4, 4, 4, 4]]);
    });

    it('lets runs in flight finish before a release or a close resolves', async () => {
      const settled: string[] = [];
      const note = (what: string) => () => settled.push(what);
      const other = await runner.load('bag', bagBytes, bagSignature);
      await Promise.all([
        other.run(bagInputs([1])).then(note('run')),
        other.run(bagInputs([1])).then(note('run')),
        other.release().then(note('release')),
      ]);
      await Promise.all([
        model.run(bagInputs([1])).then(note('run')),
        runner.close().then(note('close')),
      ]);
      expect(settled).toEqual(['run', 'run', 'release', 'run', 'close']);
    });

    it('refuses loads and runs after its close, and closes twice', async () => {
      await runner.close();
      await runner.close();
      await model.release();
      await expect(model.run(bagInputs([1]))).rejects.toMatchObject({ code: 'unavailable' });
      await expect(runner.load('bag', bagBytes, bagSignature)).rejects.toMatchObject({
        code: 'unavailable',
      });
    });
  });
}
