import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { eliminateBlock } from './eliminate-block.ts';
import { rowEquation } from './row-equation.ts';
import { sweepBlock } from './sweep-block.ts';

/** What a graph makes of inputs, each as rows of numbers or, for whole numbers, as one list. */
async function run(
  graph: Uint8Array,
  inputs: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: number[] }>>,
): Promise<Record<string, number[]>> {
  const session = await InferenceSession.create(graph);
  const feeds = Object.entries(inputs).map(([name, { shape, data }]): [string, Tensor] => {
    const tensor =
      name === 'rows'
        ? new Tensor('int32', Int32Array.from(data), shape)
        : new Tensor('float32', Float32Array.from(data), shape);
    return [name, tensor];
  });
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data, Number)]),
  );
}

describe('rowEquation', () => {
  it('adds both sides of a row’s normal equations to what all rows begin with', async () => {
    const { system } = await run(rowEquation(), {
      fixed: { shape: [3, 2], data: [1, 2, 9, 9, 3, 4] },
      rows: { shape: [2], data: [2, 0] },
      weights: { shape: [2, 1], data: [0.5, 2] },
      base: { shape: [2, 3], data: [100, 10, 0, 10, 100, 0] },
    });
    // 0.5 · [3 4]ᵀ[3 4 1] + 2 · [1 2]ᵀ[1 2 1] + base
    expect(system).toEqual([106.5, 20, 3.5, 20, 116, 6]);
  });
});

describe('eliminateBlock', () => {
  it('leaves the Schur complement and the solved block of each system', async () => {
    const { solved, rest } = await run(eliminateBlock(1), {
      // [2 1 | 3; 1 4 | 5] and [4 2 | 6; 2 3 | 1]
      systems: { shape: [2, 2, 3], data: [2, 1, 3, 1, 4, 5, 4, 2, 6, 2, 3, 1] },
      inverses: { shape: [2, 1, 1], data: [0.5, 0.25] },
    });
    expect(solved).toEqual([0.5, 1.5, 0.5, 1.5]);
    expect(rest).toEqual([3.5, 3.5, 2, -2]);
  });
});

describe('sweepBlock', () => {
  it('takes what the block explains out of all other columns', async () => {
    const { products, rest } = await run(sweepBlock(), {
      matrix: { shape: [2, 2], data: [2, 1, 1, 4] },
      columns: { shape: [2, 1], data: [0, 1] },
      inverse: { shape: [1, 1], data: [0.5] },
    });
    expect(products).toEqual([0, 0.5]);
    expect(rest).toEqual([2, 1, 1, 3.5]);
  });
});
