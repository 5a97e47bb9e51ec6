import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { generate } from './generate.ts';

const committed = fileURLToPath(new URL('generated/', import.meta.url));

it('proto/generated is what `npm run proto` makes of the .proto files now', async () => {
  const fresh = await mkdtemp(join(tmpdir(), 'chorus-proto-'));
  try {
    await generate(fresh);
    expect(await contentsOf(fresh)).toEqual(await contentsOf(committed));
  } finally {
    await rm(fresh, { recursive: true });
  }
}, 60_000);

// Hashes, because a difference of a megabyte tells nobody more than its name.
async function contentsOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).toSorted();
  const entries = names.map(async (name) => {
    const bytes = await readFile(join(folder, name));
    return [name, createHash('sha256').update(bytes).digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
