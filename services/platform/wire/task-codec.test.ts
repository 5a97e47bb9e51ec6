import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChorusError } from '../../domain/errors.ts';
import type { Task } from '../../domain/task.ts';
import { floatsOf, floatTensor, intsOf, intTensor } from '../../domain/tensor.ts';
import { decodeTask, encodeTask } from './task-codec.ts';

const task: Task = {
  requestId: 'r1',
  attempt: 0,
  expert: '3',
  tenant: 'public',
  delivery: 1,
  mixture: 'recommender',
  bundle: 'v1',
  lane: 'interactive',
  aggregatorId: 'a1',
  workerId: 'w1',
  budgetMs: 487.25,
  sentAtUs: 123_456_789_012,
  traceParent: '',
  tensors: [
    intTensor('ids', [1, 3], Int32Array.of(-1, 0, 7)),
    floatTensor('weights', [1, 3], Float32Array.of(0.5, -0.25, 0)),
  ],
};

describe('a task on the wire', () => {
  it('comes back as a plain object with every field, defaults included', () => {
    const decoded = decodeTask(encodeTask(task));
    expect({ ...decoded, tensors: [] }).toStrictEqual({ ...task, tensors: [] });
    const [ids, weights] = decoded.tensors;
    expect(ids && [...intsOf(ids)]).toEqual([-1, 0, 7]);
    expect(weights && [...floatsOf(weights)]).toEqual([0.5, -0.25, 0]);
    expect(decoded.tensors.map(({ shape }) => shape)).toEqual([
      [1, 3],
      [1, 3],
    ]);
  });

  it('survives for any values', () => {
    fc.assert(
      fc.property(anyTask, (any) => {
        expect(plain(decodeTask(encodeTask(any)))).toStrictEqual(plain(any));
      }),
    );
  });

  it('has tensor data that are views of the bytes it came in', () => {
    const bytes = encodeTask(task);
    expect(decodeTask(bytes).tensors[0]?.data.buffer).toBe(bytes.buffer);
  });

  it('says which message did not decode', () => {
    expect(() => decodeTask(Buffer.from('ffffff', 'hex'))).toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        message: expect.stringContaining('3 bytes do not decode as chorus.v1.Task'),
      }),
    );
  });

  it('never fails otherwise, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(['decoded', 'invalid_argument']).toContain(outcomeOf(bytes));
      }),
    );
  });

  it('refuses a time past 2^53 instead of rounding it', () => {
    // Field 12, varint 2^53 + 1.
    expect(() => decodeTask(Buffer.from('608180808080808010', 'hex'))).toThrow(/past 2\^53/);
  });

  it.each([
    ['lane', ''],
    ['lane', '4063'],
    // Lane bulk and a tensor of type 99.
    ['tensors.dtype', '400272021063'],
  ])('names the field %s that a newer sender wrote', (field, hex) => {
    expect(() => decodeTask(Buffer.from(hex, 'hex'))).toThrow(
      expect.objectContaining({ code: 'invalid_argument', field }),
    );
  });
});

function outcomeOf(bytes: Uint8Array): string {
  try {
    decodeTask(bytes);
    return 'decoded';
  } catch (thrown) {
    return thrown instanceof ChorusError ? thrown.code : 'something else';
  }
}

const count = fc.nat(0xffffffff);
const text = fc.string({ unit: 'grapheme', maxLength: 200 });
const anyTask: fc.Arbitrary<Task> = fc.record({
  requestId: text,
  attempt: count,
  expert: text,
  tenant: text,
  delivery: count,
  mixture: text,
  bundle: text,
  lane: fc.constantFrom('interactive', 'bulk'),
  aggregatorId: text,
  workerId: text,
  budgetMs: fc.double({ noNaN: true }),
  sentAtUs: fc.maxSafeInteger(),
  traceParent: text,
  tensors: fc.array(
    fc.record({
      name: text,
      dtype: fc.constantFrom('float32', 'int64', 'int32', 'uint8', 'bool'),
      shape: fc.array(count, { maxLength: 4 }),
      data: fc.uint8Array({ maxLength: 100 }),
    }),
    { maxLength: 3 },
  ),
});

// −0 and 0 are one number to a reader; Buffers and Uint8Arrays one sort of bytes.
function plain(of: Task): unknown {
  return {
    ...of,
    budgetMs: of.budgetMs + 0,
    sentAtUs: of.sentAtUs + 0,
    tensors: of.tensors.map((tensor) => ({ ...tensor, data: [...tensor.data] })),
  };
}
