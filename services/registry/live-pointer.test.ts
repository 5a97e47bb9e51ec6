import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RealClock } from '../platform/clock/real-clock.ts';
import { EmbeddedRecords } from '../platform/records/embedded-records.ts';
import { SqliteThread } from '../platform/sqlite/sqlite-thread.ts';
import { LivePointer, registryMigrations } from './live-pointer.ts';

const clock = new RealClock();
let folder: string;
let modelsDir: string;
let thread: SqliteThread;
let pointer: LivePointer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-pointer-'));
  modelsDir = join(folder, 'models');
  thread = await SqliteThread.open(join(folder, 'data'));
  const records = new EmbeddedRecords(thread, clock);
  await records.migrate(registryMigrations);
  pointer = new LivePointer(records, clock);
});
afterEach(async () => {
  await thread.close();
  await rm(folder, { recursive: true });
});

test('a folder whose manifest cannot be read is passed over', async () => {
  await addFolder('good', manifest('good', 1));
  await addFolder('better', manifest('better', 2));
  await addFolder('broken', '{"format": 1, "mixt');
  await addFolder('empty');
  await addFolder('renamed', manifest('once', 3));
  expect((await pointer.readOrPropose('m', modelsDir)).version).toBe('better');
});

test('with none left, the refusal names each and its reason', async () => {
  await addFolder('broken', '{"format": 1, "mixt');
  await addFolder('renamed', manifest('once', 3));
  await expect(pointer.readOrPropose('m', modelsDir)).rejects.toMatchObject({
    code: 'bundle_rejected',
    message: `${modelsDir} holds no bundle of m: m/broken: manifest.json is not JSON; m/renamed: folder m/renamed holds m/once`,
  });
});

test('with none at all, the refusal says where it looked', async () => {
  await expect(pointer.readOrPropose('m', modelsDir)).rejects.toMatchObject({
    code: 'bundle_rejected',
    message: `${modelsDir} holds no bundle of m`,
  });
});

test('a proposal is written only when it is accepted', async () => {
  await addFolder('one', manifest('one', 1));
  expect(await pointer.readOrPropose('m', modelsDir)).toEqual({ version: 'one', isLive: false });
  expect(await pointer.read('m')).toBeUndefined();
  await addFolder('two', manifest('two', 2));
  expect(await pointer.readOrPropose('m', modelsDir)).toEqual({ version: 'two', isLive: false });
  await pointer.accept('m', 'two');
  await addFolder('three', manifest('three', 3));
  expect(await pointer.readOrPropose('m', modelsDir)).toEqual({ version: 'two', isLive: true });
});

test('the first who accepts decides', async () => {
  await Promise.all([pointer.accept('m', 'one'), pointer.accept('m', 'one')]);
  await expect(pointer.accept('m', 'two')).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('another process made m/one live'),
  });
  expect(await pointer.read('m')).toBe('one');
});

async function addFolder(version: string, text?: string): Promise<void> {
  const path = join(modelsDir, 'm', version);
  await mkdir(path, { recursive: true });
  if (text !== undefined) await writeFile(join(path, 'manifest.json'), text);
}

function manifest(version: string, createdMs: number): string {
  return JSON.stringify({
    format: 1,
    mixture: 'm',
    version,
    createdMs,
    opset: 18,
    files: [],
    experts: [],
    golden: [],
    lineage: {},
    metrics: {},
    mixtureParameters: {},
  });
}
