import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root, sourceFiles } from './source-files.ts';
import { timeAndChanceIn } from './time-and-chance.ts';

const sources = sourceFiles('main.ts', 'gateway', 'services', 'workers', 'models', 'deploy').filter(
  (path) =>
    !/[.](test|contract)[.]ts$/.test(path) && !/^services\/platform\/(clock|random)\//.test(path),
);

test('no source file reads a clock or rolls dice past the ports', () => {
  expect(sources.length).toBeGreaterThan(30);
  const found = sources.flatMap((path) =>
    timeAndChanceIn(path, readFileSync(join(root, path), 'utf8')).map((what) => `${path}:${what}`),
  );
  expect(found).toEqual([]);
});

describe('the check sees', () => {
  test.each([
    'export const a = new Date();',
    'export const a = new Date;',
    'export const a = Date();',
    'const D = Date; export const a = D.now();',
    'const M = Math; export const a = M.random();',
    'export const { ...rest } = Math;',
    'const key = "now"; export const { [key]: a } = Date;',
    'const key = "now"; export const a = Date[key]();',
    'export const a = Reflect.get(Date, "now");',
    'export const a = { Date };',
    'export { Math as M };',
    "import crypto from 'node:crypto'; export const a = crypto.randomUUID();",
    "import * as crypto from 'crypto'; export const a = crypto.randomBytes(1);",
    "import process from 'node:process'; export const a = process.hrtime();",
  ])('%s', (text) => {
    expect(timeAndChanceIn('planted.ts', text)).not.toEqual([]);
  });
});

describe('the check lets pass', () => {
  test.each([
    'export const a = new Date(0).toISOString();',
    'export const a = Date.parse("2026-01-01");',
    'export const a = (d: unknown): d is Date => d instanceof Date;',
    'export const a = Math.max(1, 2);',
    "export const a = process.pid + Number(process['exitCode']);",
    'export interface A { readonly process: number; crypto(): void }',
    'export const { max, min } = Math;',
    'export const stop = ({ process }: { process: { end(): void } }) => ({ process });',
    "import { createHash } from 'node:crypto'; export const a = createHash('sha256');",
  ])('%s', (text) => {
    expect(timeAndChanceIn('planted.ts', text)).toEqual([]);
  });
});
