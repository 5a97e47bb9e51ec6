import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Asker } from '../../deploy/demo/ask.ts';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { type ChorusProcess, startChorus } from '../servers/chorus.ts';
import { smallWorld } from './small-bundle.ts';

const [someone = '', leaving = ''] = smallWorld().users;
let folder: string;
let running: ChorusProcess | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-first-start-'));
  await cp(inject('modelsDir'), join(folder, 'models'), { recursive: true });
});

afterAll(async () => {
  await running?.process.stop();
  await rm(folder, { recursive: true });
});

test('a newest bundle whose experts answer wrongly ends the start and is not remembered', async () => {
  await addBundle('newer', 1, ({ golden }) => {
    const [value] = golden[0]?.outputs ?? [];
    if (value !== undefined) value.values = value.values.map((number) => number + 1);
  });
  // What follows starts on the same data folder, with the bundle repaired under the same name.
  await expect(start()).rejects.toThrow(/ended with code 78.*differs from its golden vector/s);
});

test('an empty folder gets our own world’s users and the newest bundle', async () => {
  await addBundle('newer', 1);
  const chorus = await start();
  const asker = new Asker(chorus.http, new RealClock());
  expect(await asker.ask({ user_id: someone, top_n: 3 })).toMatchObject({
    bundle: 'recommender/newer',
    path: 'user',
  });
  const gone = await fetch(`${chorus.http}/v1/users/${leaving}`, { method: 'DELETE' });
  expect(await gone.json()).toEqual({ deleted: true });
  await chorus.process.stop();
});

test('the next start changes nothing: who was deleted stays so, and a newer bundle waits', async () => {
  await addBundle('newest', 2);
  const chorus = await start();
  const asker = new Asker(chorus.http, new RealClock());
  expect(await asker.ask({ user_id: someone, top_n: 3 })).toMatchObject({
    bundle: 'recommender/newer',
    path: 'user',
  });
  expect((await asker.ask({ user_id: leaving, top_n: 3 })).path).toBe('popularity');
  // Started once more, it is found where it was.
  await chorus.process.restart();
  expect((await asker.ask({ user_id: leaving, top_n: 3 })).path).toBe('popularity');
});

async function start(): Promise<ChorusProcess> {
  running = await startChorus({
    DATA_DIR: join(folder, 'data'),
    MODELS_DIR: join(folder, 'models'),
  });
  return running;
}

interface SmallManifest {
  readonly createdMs: number;
  readonly golden: readonly { readonly outputs: { values: readonly number[] }[] }[];
}

/** The small bundle under another name, built so many ms later. */
async function addBundle(
  version: string,
  laterMs: number,
  spoil: (manifest: SmallManifest) => void = () => undefined,
): Promise<void> {
  const bundles = join(folder, 'models', 'recommender');
  await cp(join(bundles, 'small'), join(bundles, version), { recursive: true });
  const path = join(bundles, version, 'manifest.json');
  const manifest: SmallManifest = JSON.parse(await readFile(path, 'utf8'));
  spoil(manifest);
  const createdMs = manifest.createdMs + laterMs;
  await writeFile(path, JSON.stringify({ ...manifest, version, createdMs }));
}
