import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { walkImports } from './cruise.ts';
import { root } from './source-files.ts';

/** One import against each rule: the rule, the file that breaks it, what that imports. */
const planted = [
  ['domain-knows-nothing', 'services/domain/a.ts', '../platform/clock/clock.ts'],
  ['a-stage-knows-no-other-stage', 'services/routing/b.ts', '../dispatch/target.ts'],
  ['a-stage-knows-no-other-stage', 'services/text/c.ts', '../recommender/target.ts'],
  ['a-stage-knows-no-other-stage', 'services/user-state/d.ts', '../registry/target.ts'],
  [
    'recommender-parameters-are-for-training',
    'services/routing/e.ts',
    '../recommender/recommender-parameters.ts',
  ],
  ['a-stage-knows-no-flow', 'services/jobs/f.ts', '../flows/target.ts'],
  ['ports-know-no-stage', 'services/platform/cache/g.ts', '../../routing/target.ts'],
  ['only-the-platform-names-adapters', 'services/flows/h.ts', '../platform/cache/redis-cache.ts'],
  [
    'only-the-platform-names-adapters',
    'workers/expert/i.ts',
    '../../services/platform/cache/redis-cache.ts',
  ],
  ['an-adapter-knows-no-other-port', 'services/platform/records/j.ts', '../cache/redis-cache.ts'],
  ['services-never-look-up', 'services/flows/k.ts', '../../gateway/target.ts'],
  ['gateway-and-workers-are-strangers', 'gateway/l.ts', '../workers/target.ts'],
  ['models-feed-training-and-tests', 'models/m.ts', '../services/routing/target.ts'],
  ['who-writes-graphs', 'services/recommender/n.ts', '../../models/graph/target.ts'],
  ['nest-stays-at-the-edge', 'services/routing/o.ts', '@nestjs/common'],
  ['one-driver-one-folder-kafka', 'services/flows/p.ts', 'kafkajs'],
  ['one-driver-one-folder-postgres', 'services/platform/cache/q.ts', 'pg'],
  ['one-driver-one-folder-redis', 'gateway/guard/r.ts', 'ioredis'],
  ['one-driver-one-folder-grpc', 'workers/expert/s.ts', '@grpc/grpc-js'],
  ['one-driver-one-folder-onnx', 'services/training/t.ts', 'onnxruntime-node'],
  ['no-tools-in-the-product', 'services/routing/u.ts', 'fast-check'],
  ['imports-resolve', 'services/routing/v.ts', './nowhere.ts'],
  ['no-circles', 'services/jobs/w.ts', './x.ts'],
  ['no-orphans', 'services/jobs/y.ts', ''],
] as const;

/** Imports that the rules must let pass. */
const allowed = [
  ['services/training/z1.ts', '../recommender/recommender-parameters.ts'],
  ['services/training/z2.ts', '../../models/graph/target.ts'],
  ['services/routing/z3.ts', '../platform/clock/clock.ts'],
  ['services/flows/z4.ts', '../routing/target.ts'],
  ['services/platform/open-platform.ts', './cache/redis-cache.ts'],
  ['services/platform/cache/z5.ts', './redis-cache.ts'],
  ['services/platform/z6.module.ts', '@nestjs/common'],
  ['gateway/grpc/z7.ts', '@grpc/grpc-js'],
  ['gateway/z8.ts', '../services/flows/target.ts'],
] as const;

const targets = [
  'services/platform/clock/clock.ts',
  'services/platform/cache/redis-cache.ts',
  'services/dispatch/target.ts',
  'services/recommender/target.ts',
  'services/recommender/recommender-parameters.ts',
  'services/registry/target.ts',
  'services/routing/target.ts',
  'services/flows/target.ts',
  'gateway/target.ts',
  'workers/target.ts',
  'models/graph/target.ts',
];

let folder: string;
let violations: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-imports-'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), packageJson);
  const files: [string, string][] = [
    ...targets.map((path): [string, string] => [path, 'export const target = 1;']),
    ...planted.map(([, path, target]): [string, string] => [path, importing(target)]),
    ...allowed.map(([path, target]): [string, string] => [path, importing(target)]),
    ['services/jobs/x.ts', importing('./w.ts')],
  ];
  await Promise.all(files.map(([path, text]) => plant(path, text)));
  const walk = await walkImports(folder, ['services', 'gateway', 'workers', 'models']);
  violations = walk.violations;
});
afterAll(() => rm(folder, { recursive: true }));

test.each(planted)('%s: %s → %s', (rule, path) => {
  expect(violations.filter((line) => line.startsWith(`${rule}: ${path} →`))).not.toEqual([]);
});

test.each(allowed)('%s may import %s', (path) => {
  expect(violations.filter((line) => line.includes(`: ${path} →`))).toEqual([]);
});

const packageJson = JSON.stringify({
  type: 'module',
  dependencies: Object.fromEntries(
    ['@nestjs/common', 'kafkajs', 'pg', 'ioredis', '@grpc/grpc-js', 'onnxruntime-node'].map(
      (name) => [name, '*'],
    ),
  ),
  devDependencies: { 'fast-check': '*' },
});

function importing(target: string): string {
  return target === '' ? 'export const alone = 1;' : `export * from '${target}';`;
}

async function plant(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), `${text}\n`);
}
