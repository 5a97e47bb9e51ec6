import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelSignature } from '../../domain/bundle.ts';
import { floatsOf, floatTensor, intTensor, type Tensor } from '../../domain/tensor.ts';
import { joinRows, splitRows } from './batch-tensors.ts';

const signature: ModelSignature = {
  file: 'x.onnx',
  inputs: [
    { name: 'x', dtype: 'float32', shape: ['batch', 'ragged', 2, 'ragged'] },
    { name: 'flag', dtype: 'int32', shape: ['batch'] },
  ],
  outputs: [{ name: 'z', dtype: 'float32', shape: ['batch', 2] }],
};

/** One task: rows, two ragged lengths, and elements counted from a seed that is never zero. */
interface Case {
  readonly rows: number;
  readonly long: number;
  readonly wide: number;
  readonly seed: number;
}

function taskOf({ rows, long, wide, seed }: Case): Tensor[] {
  const values = Float32Array.from({ length: rows * long * 2 * wide }, (_, index) => seed + index);
  return [
    intTensor('flag', [rows], new Int32Array(rows).fill(seed)),
    floatTensor('x', [rows, long, 2, wide], values),
  ];
}

/** Cuts the padding off again, element by element. */
function unpadded(tensor: Tensor | undefined, { rows, long, wide }: Case): number[] {
  if (tensor === undefined) return [];
  const [, longest = 0, two = 0, widest = 0] = tensor.shape;
  const values = floatsOf(tensor);
  const kept: number[] = [];
  let zeros = 0;
  for (const [index, value] of values.entries()) {
    const column = index % widest;
    const step = Math.floor(index / (widest * two)) % longest;
    if (column < wide && step < long) kept.push(value);
    else zeros += Math.abs(value);
  }
  expect(zeros).toBe(0);
  expect(kept).toHaveLength(rows * long * 2 * wide);
  return kept;
}

const anyCase = fc.record({
  rows: fc.integer({ min: 0, max: 3 }),
  long: fc.integer({ min: 0, max: 4 }),
  wide: fc.integer({ min: 0, max: 3 }),
  seed: fc.integer({ min: 1, max: 1000 }),
});

describe('joinRows and splitRows', () => {
  it('give every task its own elements back, whatever it is joined with, padded with zeros', () => {
    fc.assert(
      fc.property(fc.array(anyCase, { minLength: 1, maxLength: 6 }), (cases) => {
        const { inputs, rows } = joinRows(signature, cases.map(taskOf));
        expect(inputs.map(({ name }) => name)).toEqual(['x', 'flag']);
        const parts = splitRows(inputs, rows);
        for (const [index, each] of cases.entries()) {
          const [x, flag] = parts[index] ?? [];
          const original = taskOf(each);
          expect(flag?.data).toEqual(original[0]?.data);
          expect(x?.shape[0]).toBe(each.rows);
          expect(unpadded(x, each)).toEqual(original[1] && [...floatsOf(original[1])]);
        }
      }),
    );
  });

  it('name the input that does not fit', () => {
    const good = taskOf({ rows: 1, long: 2, wide: 2, seed: 1 });
    const [flag, x] = good;
    if (flag === undefined || x === undefined) throw new Error('the task has two inputs');
    const joinWith = (...tensors: Tensor[]) => joinRows(signature, [good, tensors]);
    expect(() => joinWith(flag)).toThrow('x is missing');
    expect(() => joinWith(x, { ...flag, shape: [2] })).toThrow('flag is not int32 [batch]');
    expect(() => joinWith(x, { ...flag, dtype: 'float32' })).toThrow('flag is not');
    const two = intTensor('flag', [2], new Int32Array(2));
    expect(() => joinWith(x, two)).toThrow('flag has 2 rows, other inputs of its task have 1');
  });

  it('refuse outputs with another number of rows', () => {
    const z = floatTensor('z', [3, 2], new Float32Array(6));
    expect(() => splitRows([z], [1, 1])).toThrow('z has 3 rows, 2 were given');
    expect(splitRows([z], [1, 2]).map(([part]) => part?.shape)).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });
});
