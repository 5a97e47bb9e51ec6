import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './source-files.ts';

const documents = ['README.md', 'docs/architecture.md', 'test/README.md', 'test/bench/README.md'];

test.each(documents)('every file that %s links to is there', async (document) => {
  const text = await readFile(join(root, document), 'utf8');
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(([, link = '']) => link);
  const missing = links.filter((link) => !existsSync(join(root, dirname(document), link)));
  expect(missing).toEqual([]);
});

test.each(documents)('every npm script that %s names is there', async (document) => {
  const text = await readFile(join(root, document), 'utf8');
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(
    await readFile(join(root, 'package.json'), 'utf8'),
  );
  const named = [...text.matchAll(/npm run (?:--silent )?([a-z][a-z0-9:]*)/g)].map(
    ([, name = '']) => name,
  );
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
});

test('the reading tour has eight files at most', async () => {
  const text = await readFile(join(root, 'README.md'), 'utf8');
  const tour = /^## Reading tour.*?(?=^The folders)/ms.exec(text)?.[0] ?? '';
  const files = new Set([...tour.matchAll(/\]\(([^)]+)\)/g)].map(([, file]) => file));
  expect(files.size).toBeGreaterThan(0);
  expect(files.size).toBeLessThanOrEqual(8);
});
