import { describe, expect, it } from 'vitest';
import { KernelThreads } from './kernel-threads.ts';
import { sharedFloat32, sharedFloat64, sharedInt32 } from './shared-arrays.ts';

/** iALS rows whose equation cannot be solved when `gram` is negative. */
function work(gram: number) {
  const input = {
    offsets: sharedInt32([0, 1, 2, 3]),
    columns: sharedInt32([0, 0, 0]),
    weights: sharedFloat64([1, 1, 1]),
    fixed: sharedFloat32([1]),
    gram: sharedFloat32([gram]),
    width: 1,
    alpha: 1,
    lambda: 0,
    solved: sharedFloat32(3),
  };
  return { name: 'solveIalsRows', input } as const;
}

describe.each([0, 2])('KernelThreads with %i threads', (count) => {
  it('computes every row and tells of each chunk', async () => {
    const threads = new KernelThreads(count);
    const call = work(3);
    const told: number[] = [];
    await threads.run(call, { rows: 3, chunk: 2, onRows: (rows) => told.push(rows) });
    await threads.close();
    expect([...call.input.solved]).toEqual([0.25, 0.25, 0.25]);
    expect(told.toSorted((a, b) => a - b)).toEqual([1, 2]);
  });

  it('says why a kernel failed', async () => {
    const threads = new KernelThreads(count);
    await expect(threads.run(work(-5), { rows: 3, chunk: 1 })).rejects.toThrow('positive definite');
    await threads.close();
    await threads.close();
  });
});

describe('KernelThreads', () => {
  it('ends a run in flight when it closes', async () => {
    const threads = new KernelThreads(1);
    const run = threads.run(work(3), { rows: 3, chunk: 1 });
    await Promise.all([expect(run).rejects.toMatchObject({ code: 'ABORT_ERR' }), threads.close()]);
  });
});
