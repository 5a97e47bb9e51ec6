import { expect, test } from 'vitest';
import { RealRandom } from './real-random.ts';

test('ids are 22 characters for a URL, and no two are alike', () => {
  const random = new RealRandom();
  const ids = Array.from({ length: 1000 }, () => random.id());
  expect(new Set(ids).size).toBe(1000);
  for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/);
});
