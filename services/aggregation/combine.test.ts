import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Reply } from '../domain/reply.ts';
import { floatTensor } from '../domain/tensor.ts';
import { combine } from './combine.ts';

const finite = fc.float({ min: -100, max: 100, noNaN: true });
const outputs = fc.uniqueArray(
  fc.record({
    expert: fc.constantFrom('1', '2', '3', '4'),
    z: fc.tuple(finite, finite, finite),
    g: fc.float({ min: Math.fround(0.01), max: 1, noNaN: true }),
  }),
  { selector: ({ expert }) => expert, minLength: 1, maxLength: 4 },
);

test('the combination lies in the convex hull of the outputs, and its weights sum to one', () => {
  fc.assert(
    fc.property(outputs, (answers) => {
      const choices = answers.map(({ expert, g }) => ({ expert, weight: g }));
      const { vector, parts } = combine(choices, answers.map(reply), 'z', 3);
      for (let column = 0; column < 3; column += 1) {
        const values = answers.map(({ z }) => z[column] ?? 0);
        expect(vector[column]).toBeGreaterThanOrEqual(Math.min(...values) - 1e-3);
        expect(vector[column]).toBeLessThanOrEqual(Math.max(...values) + 1e-3);
      }
      const weights = [...parts.values()].map(({ weight }) => weight);
      expect(Math.abs(weights.reduce((sum, weight) => sum + weight, 0) - 1)).toBeLessThan(1e-12);
    }),
    { numRuns: 5000 },
  );
});

test('the order in which replies arrive changes no bit', () => {
  fc.assert(
    fc.property(outputs, (answers) => {
      const choices = answers.map(({ expert, g }) => ({ expert, weight: g }));
      const forward = combine(choices, answers.map(reply), 'z', 3);
      const backward = combine(choices, answers.map(reply).toReversed(), 'z', 3);
      expect(backward.vector).toEqual(forward.vector);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['missing', [], 'no output named z'],
  ['too short', [floatTensor('z', [1, 2], Float32Array.of(1, 2))], '2 values of z, expected 3'],
  ['not finite', [floatTensor('z', [1, 3], Float32Array.of(1, NaN, 2))], 'z is not finite'],
])('an output that is %s is set aside and the others are renormalised', (_, tensors, message) => {
  const good = reply({ expert: '1', z: [1, 2, 3] });
  const bad = { ...reply({ expert: '2', z: [0, 0, 0] }), tensors };
  const choices = [
    { expert: '1', weight: 0.5 },
    { expert: '2', weight: 0.5 },
  ];
  const { vector, parts, unusable } = combine(choices, [good, bad], 'z', 3);
  expect([...vector]).toEqual([1, 2, 3]);
  expect(parts.get('1')?.weight).toBe(1);
  expect(unusable.get('2')?.message).toBe(message);
});

test('nobody answered: zeros', () => {
  expect(combine([{ expert: '1', weight: 1 }], [], 'z', 2).vector).toEqual(new Float32Array(2));
});

function reply({ expert, z }: { expert: string; z: readonly number[] }): Reply {
  return {
    requestId: 'r',
    attempt: 0,
    expert,
    delivery: 1,
    mixture: 'recommender',
    bundle: 'one',
    workerId: 'w',
    tensors: [floatTensor('z', [1, z.length], Float32Array.from(z))],
    textDelta: '',
    last: true,
    timings: { queueUs: 0, runUs: 0, batchRows: 1 },
  };
}
