import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementBytes, elementCount, type DataType } from '../../domain/tensor.ts';
import type { NamelessTensor } from './packet.ts';
import { packResults, packRuns, unpackResults, unpackRuns } from './run-packets.ts';

const dataTypes = ['float32', 'int64', 'int32', 'uint8', 'bool'] as const;
const dtype: fc.Arbitrary<DataType> = fc.constantFrom(...dataTypes);
const shape = fc.array(fc.nat(4), { maxLength: 3 });
const tensor = fc.tuple(dtype, shape, fc.nat(255)).map(([type, axes, fill]): NamelessTensor => {
  const bytes = elementCount(axes) * elementBytes[type];
  // Views into a larger buffer, at odd places, as tensors of a frame are.
  const data = new Uint8Array(bytes + 3).subarray(3).fill(fill);
  return { dtype: type, shape: axes, data };
});
const tensors = fc.array(tensor, { maxLength: 4 });
const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe('packets of runs', () => {
  it('come out as they went in', () => {
    const run = fc.record({ call: count, model: fc.nat(), inputs: tensors });
    fc.assert(
      fc.property(fc.array(run), (runs) => {
        expect(unpackRuns(packRuns(runs))).toEqual(runs);
      }),
    );
  });

  it('bring results back as they were, each tensor where its elements may begin', () => {
    const result = fc.record({ call: count, runUs: fc.nat(), outputs: tensors });
    fc.assert(
      fc.property(fc.array(result), (results) => {
        const back = unpackResults(packResults(results));
        expect(back).toEqual(results);
        for (const { data } of back.flatMap(({ outputs }) => outputs)) {
          expect(data.byteOffset % 8).toBe(0);
        }
      }),
    );
  });
});
