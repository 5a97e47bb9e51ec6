import { expect, test } from 'vitest';
import { KeptWith } from './kept-with.ts';

test('keeps one value with each owner, for each who keeps', () => {
  const [lengths, words] = [new KeptWith<object, string>(), new KeptWith<object, object>()];
  const [bytes, list] = [new Uint8Array([1, 2]), ['a']];
  expect(lengths.get(bytes)).toBeUndefined();
  lengths.set(bytes, 'two');
  lengths.set(list, 'one');
  lengths.set(list, 'still one');
  words.set(list, { a: 1 });
  expect([lengths.get(bytes), lengths.get(list)]).toEqual(['two', 'still one']);
  expect([words.get(bytes), words.get(list)]).toEqual([undefined, { a: 1 }]);
});

test('shows nobody what it keeps', () => {
  const kept = new KeptWith<object, string>();
  const list = ['a'];
  kept.set(list, 'secret');
  expect(list).toEqual(['a']);
  expect(structuredClone(list)).toEqual(['a']);
  expect(JSON.stringify(list)).toBe('["a"]');
  expect(kept.get([...list])).toBeUndefined();
});
