import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { root } from './source-files.ts';

/** SPDX names of the licences that a direct dependency may have. */
const accepted = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
]);

const names = z.record(z.string(), z.string()).default({});
const project = read(
  join(root, 'package.json'),
  z.object({ dependencies: names, devDependencies: names }),
);

test.each([...Object.entries(project.dependencies), ...Object.entries(project.devDependencies)])(
  '%s %s is there in this very version, under a licence that we accept',
  (name, pinned) => {
    const installed = read(
      join(root, 'node_modules', name, 'package.json'),
      z.object({ version: z.string(), license: z.string() }),
    );
    expect(installed.version).toBe(pinned);
    expect(accepted).toContain(installed.license);
  },
);

test('the project itself is Apache-2.0', () => {
  const { license } = read(join(root, 'package.json'), z.object({ license: z.string() }));
  expect(license).toBe('Apache-2.0');
  expect(readFileSync(join(root, 'LICENSE'), 'utf8')).toContain('Apache License');
});

function read<Schema extends z.ZodType>(path: string, schema: Schema): z.infer<Schema> {
  return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
}
