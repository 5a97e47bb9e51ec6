import { expect, test } from 'vitest';
import type { WrittenItem } from '../items/items.ts';
import { DeleteItem } from './delete-item.ts';

test.each<[WrittenItem, boolean | undefined, boolean]>([
  ['listed', true, true],
  ['listed', false, true],
  ['deleted', true, false],
  ['deleted', false, false],
  ['unwritten', true, true],
  ['unwritten', false, false],
  ['unwritten', undefined, true],
])('records: %s, bundle: %s: deleted %s', async (before, inBundle, deleted) => {
  const deleteItem = new DeleteItem({
    items: { remove: async () => before },
    bundleItems: { has: async () => inBundle },
  });
  expect(await deleteItem.run('t', 'a')).toBe(deleted);
});
