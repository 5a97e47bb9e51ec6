import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { areDistinct } from './are-distinct.ts';

test('says what a Set says', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('a', 'b', 'item-1', 'item-2'));
  fc.assert(
    fc.property(fc.array(text), (texts) => {
      expect(areDistinct(texts)).toBe(new Set(texts).size === texts.length);
    }),
  );
});

test('a thousand texts, one of them twice, wherever', () => {
  const ids = Array.from({ length: 1000 }, (_, index) => `film-${index}`);
  expect(areDistinct(ids)).toBe(true);
  fc.assert(
    fc.property(fc.nat(998), (at) => {
      expect(areDistinct(ids.with(at, 'film-999'))).toBe(false);
    }),
  );
});
