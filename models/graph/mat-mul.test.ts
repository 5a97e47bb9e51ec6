import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { matMul } from './mat-mul.ts';

const values = (count: number, seed: number) =>
  Float32Array.from({ length: count }, (_, index) => Math.sin(index * 3 + seed));

describe('matMul', () => {
  it.each([
    { transposeA: false, transposeB: false },
    { transposeA: true, transposeB: false },
    { transposeA: false, transposeB: true },
    { transposeA: true, transposeB: true },
  ])('multiplies as plain loops do: %j', async (options) => {
    const [m, k, n] = [3, 5, 4];
    const a = values(m * k, 1);
    const b = values(k * n, 2);
    const session = await InferenceSession.create(matMul(options));
    const { c } = await session.run({
      a: new Tensor('float32', a, options.transposeA ? [k, m] : [m, k]),
      b: new Tensor('float32', b, options.transposeB ? [n, k] : [k, n]),
    });
    await session.release();
    expect(c?.dims).toEqual([m, n]);
    const product = Array.from(c?.data ?? [], Number);
    for (let row = 0; row < m; row += 1) {
      for (let column = 0; column < n; column += 1) {
        let sum = 0;
        for (let inner = 0; inner < k; inner += 1) {
          const left = a[options.transposeA ? inner * m + row : row * k + inner] ?? 0;
          const right = b[options.transposeB ? column * k + inner : inner * n + column] ?? 0;
          sum += left * right;
        }
        expect(product[row * n + column]).toBeCloseTo(sum, 5);
      }
    }
  });
});
