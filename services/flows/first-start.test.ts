import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Manifest } from '../domain/bundle.ts';
import { publicTenant } from '../domain/tenant.ts';
import { openPlatform } from '../platform/open-platform.ts';
import type { Platform } from '../platform/platform.ts';
import { readSettings } from '../platform/settings.ts';
import { recommenderMixture } from '../recommender/recommender-bundle.ts';
import { LivePointer } from '../registry/live-pointer.ts';
import { UserStates } from '../user-state/user-states.ts';
import { AggregatorRole } from './aggregator-role.ts';
import { settleSyntheticUsers } from './first-start.ts';
import { migrations } from './migrations.ts';

const shipped = fileURLToPath(new URL('../../models/recommender/synthetic-1', import.meta.url));
const settlers = 450;
let folder: string;
let modelsDir: string;
let platform: Platform;
let users: UserStates;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-first-start-'));
  modelsDir = join(folder, 'models');
  const settings = readSettings({ DATA_DIR: join(folder, 'data'), MODELS_DIR: modelsDir });
  platform = await openPlatform(settings, new AbortController().signal);
  await platform.records.migrate(migrations);
  users = new UserStates(platform);
});
afterEach(async () => {
  await platform.close();
  await rm(folder, { recursive: true });
});

test('a start that was killed while users settled is made good by the next', async () => {
  const manifest = await addBundle('one', 1);
  let writings = 0;
  const dying = new UserStates({
    ...platform,
    records: {
      run: async (...call) => {
        writings += call[0].some(({ sql }) => sql.startsWith('INSERT')) ? 1 : 0;
        if (writings > 1) throw new Error('killed');
        return platform.records.run(...call);
      },
      migrate: (...call) => platform.records.migrate(...call),
      isHealthy: () => platform.records.isHealthy(),
      close: () => platform.records.close(),
    },
  });
  await settleSyntheticUsers(manifest, dying).catch(() => undefined);
  await settleSyntheticUsers(manifest, users);
  expect(await users.count(publicTenant)).toBe(settlers);
});

test('two who settle at once, and once more, leave everybody there once', async () => {
  const manifest = await addBundle('one', 1);
  await Promise.all([settleSyntheticUsers(manifest, users), settleSyntheticUsers(manifest, users)]);
  await settleSyntheticUsers(manifest, users);
  expect(await users.count(publicTenant)).toBe(settlers);
});

test('a first bundle that is refused is not remembered: the next start takes another', async () => {
  await addBundle('good', 1);
  await addBundle('newer', 2);
  const spoilt = join(modelsDir, recommenderMixture, 'newer');
  await writeFile(join(spoilt, 'head.f32'), new Uint8Array(4));
  const refused = new AggregatorRole(platform);
  await expect(refused.start()).rejects.toMatchObject({ code: 'bundle_rejected' });
  const pointer = new LivePointer(platform.records, platform.clock);
  expect(await pointer.read(recommenderMixture)).toBeUndefined();
  expect(await users.count(publicTenant)).toBe(0);

  await rm(spoilt, { recursive: true });
  const role = new AggregatorRole(platform);
  await role.start();
  expect(await users.count(publicTenant)).toBe(settlers);
  // A worker beside it may still refuse an expert.
  expect(await pointer.read(recommenderMixture)).toBeUndefined();
  await role.desks.start(new AbortController().signal);
  expect(await pointer.read(recommenderMixture)).toBe('good');
  await role.desks.stop();
  await role.stop();
});

/** The bundle that ships under another name, from a world of few people. */
async function addBundle(version: string, createdMs: number): Promise<Manifest> {
  const to = join(modelsDir, recommenderMixture, version);
  await cp(shipped, to, { recursive: true });
  const shippedManifest: Manifest = JSON.parse(await readFile(join(to, 'manifest.json'), 'utf8'));
  const lineage = { ...shippedManifest.lineage, users: settlers };
  const manifest: Manifest = { ...shippedManifest, version, createdMs, lineage };
  await writeFile(join(to, 'manifest.json'), JSON.stringify(manifest));
  return manifest;
}
