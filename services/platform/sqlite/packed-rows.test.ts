import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { packRows, unpackRows } from './packed-rows.ts';

const cell = fc.oneof(
  fc.string(),
  fc.double({ noNaN: true }),
  fc.constant(null),
  fc.uint8Array({ maxLength: 20 }),
);
const rows = fc
  .integer({ min: 1, max: 4 })
  .chain((columns) => fc.array(fc.array(cell, { minLength: columns, maxLength: columns })));

test('rows arrive as they left', () => {
  fc.assert(
    fc.property(rows, (given) => {
      const packed = packRows(given);
      const sent = structuredClone(packed, { transfer: [packed.bytes.buffer] });
      expect(unpackRows(sent)).toEqual(given);
    }),
  );
});

test('a row of another length is refused', () => {
  expect(() => packRows([[1, 2], [3]])).toThrow('expected 2 cells in each row, got 1');
});
