import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from './source-files.ts';

const run = promisify(execFile);

/** Every spelling that the linter itself must refuse outside the Clock and Random ports. */
const planted = [
  'export const a = Date.now();',
  'export const { now } = Date;',
  "export const a = Date['now']();",
  'export const a = performance.now();',
  'export const a = process.hrtime();',
  'export const a = process.hrtime.bigint();',
  'export const a = process.uptime();',
  'export const a = setTimeout(() => 1, 1);',
  'export const a = setInterval(() => 1, 1);',
  'export const a = setImmediate(() => 1);',
  'export const a = { setTimeout };',
  'export const a = AbortSignal.timeout(1);',
  'export const a = Math.random();',
  'export const a = crypto.randomUUID();',
  'export const a = crypto.getRandomValues(new Uint8Array(1));',
  "import { setTimeout } from 'node:timers'; export const a = setTimeout;",
  "import { setTimeout } from 'timers'; export const a = setTimeout;",
  "import { setTimeout } from 'node:timers/promises'; export const a = setTimeout;",
  "import { scheduler } from 'timers/promises'; export const a = scheduler;",
  "export const a = await import('node:timers');",
  "export { setTimeout } from 'node:timers';",
  "import { performance } from 'node:perf_hooks'; export const a = performance;",
  "import { monitorEventLoopDelay } from 'perf_hooks'; export const a = monitorEventLoopDelay;",
  "import { hrtime } from 'node:process'; export const a = hrtime;",
  "import { randomUUID } from 'node:crypto'; export const a = randomUUID;",
  "import { randomBytes as b } from 'crypto'; export const a = b(1);",
  "import { randomInt } from 'node:crypto'; export const a = randomInt(2);",
  "import { webcrypto } from 'node:crypto'; export const a = webcrypto;",
  'export const a = globalThis.Date.now();',
  'export const a = globalThis.setTimeout;',
  "export const a = globalThis['setTimeout'];",
  'export const { setTimeout } = globalThis;',
  'const g = globalThis; export const a = g.Math.random();',
  'export const a = global.setTimeout;',
  "export const a = process.env['HOME'];",
  "import { env } from 'node:process'; export const a = env;",
];

let folder: string;
let errors: ReadonlyMap<string, readonly string[]>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-lint-'));
  await Promise.all(
    [...planted, 'export const a = 1;'].map((text, index) =>
      writeFile(join(folder, `planted-${index}.ts`), `${text}\n`),
    ),
  );
  errors = await lint(folder);
});
afterAll(() => rm(folder, { recursive: true }));

test.each(planted.map((text, index) => [text, index] as const))('%s', (_text, index) => {
  const rules = errors.get(`planted-${index}.ts`) ?? [];
  expect(rules.filter((rule) => rule.includes('no-restricted-'))).not.toEqual([]);
});

test('a file without any of them passes', () => {
  expect(errors.get(`planted-${planted.length}.ts`)).toBeUndefined();
});

/** Error codes by file name, under the project's own configuration. */
async function lint(path: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const oxlint = join(root, 'node_modules/.bin/oxlint');
  const options = ['-c', join(root, '.oxlintrc.json'), '--format', 'json', path];
  const { stdout } = await run(process.execPath, [oxlint, ...options], { cwd: root }).catch(
    (error: { stdout: string }) => error,
  );
  const { diagnostics }: { diagnostics: { code: string; filename: string }[] } = JSON.parse(stdout);
  const found = new Map<string, string[]>();
  for (const { code, filename } of diagnostics) {
    const name = filename.split('/').at(-1) ?? '';
    found.set(name, [...(found.get(name) ?? []), code]);
  }
  return found;
}
