import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { embeddingBag } from './embedding-bag.ts';

const rows = 50;
const width = 8;
const table = Float32Array.from({ length: rows * width }, (_, index) => Math.sin(index));

interface History {
  readonly items: readonly number[];
  readonly weights: readonly number[];
}

function history(length: number, seed: number): History {
  const each = Array.from({ length });
  return {
    items: each.map((_, index) => (index * 7 + seed * 13) % rows),
    weights: each.map((_, index) => Math.cos(index + seed)),
  };
}

function sumByHand({ items, weights }: History): number[] {
  return Array.from({ length: width }, (_, column) =>
    items.reduce(
      (sum, item, index) => sum + (weights[index] ?? 0) * (table[item * width + column] ?? 0),
      0,
    ),
  );
}

describe('embeddingBag', () => {
  let session: InferenceSession;
  beforeAll(async () => {
    session = await InferenceSession.create(embeddingBag({ table, rows, width }));
  });
  afterAll(() => session.release());

  async function run(histories: readonly History[]): Promise<number[][]> {
    const longest = Math.max(...histories.map(({ items }) => items.length));
    const shape = [histories.length, longest];
    const items = new Int32Array(histories.length * longest);
    const weights = new Float32Array(histories.length * longest);
    for (const [row, each] of histories.entries()) {
      items.set(each.items, row * longest);
      weights.set(each.weights, row * longest);
    }
    const { z } = await session.run({
      items: new Tensor('int32', items, shape),
      weights: new Tensor('float32', weights, shape),
    });
    expect(z?.dims).toEqual([histories.length, width]);
    const values = Array.from(z?.data ?? [], Number);
    return histories.map((_, row) => values.slice(row * width, (row + 1) * width));
  }

  it.each([1, 8, 33])(
    'sums as plain loops do, for %i histories of different lengths',
    async (batch) => {
      const histories = Array.from({ length: batch }, (_, row) => history((row * 5) % 23, row));
      const outputs = await run(histories);
      for (const [row, each] of histories.entries()) {
        for (const [column, value] of sumByHand(each).entries()) {
          expect(outputs[row]?.[column]).toBeCloseTo(value, 5);
        }
      }
    },
  );

  it('gives zeros for an empty history, alone (no item at all) or padded', async () => {
    const zeros = Array.from({ length: width }, () => 0);
    expect(await run([history(0, 1)])).toEqual([zeros]);
    expect((await run([history(0, 1), history(3, 2)]))[0]).toEqual(zeros);
  });

  it('fails a run with an item that the table does not have', async () => {
    await expect(run([{ items: [rows], weights: [1] }])).rejects.toThrow('out of data bounds');
  });
});
