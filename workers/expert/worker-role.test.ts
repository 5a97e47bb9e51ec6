import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Manifest } from '../../services/domain/bundle.ts';
import type { Presence } from '../../services/domain/presence.ts';
import { migrations } from '../../services/flows/migrations.ts';
import type {
  LoadedModel,
  ModelRunner,
} from '../../services/platform/model-runner/model-runner.ts';
import { openPlatform } from '../../services/platform/open-platform.ts';
import type { Platform } from '../../services/platform/platform.ts';
import type { WorkerLine } from '../../services/platform/reply-line/reply-line.ts';
import { readSettings } from '../../services/platform/settings.ts';
import { LivePointer } from '../../services/registry/live-pointer.ts';
import { WorkerRole } from './worker-role.ts';

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  // oxlint-disable-next-line no-await-in-loop -- the newest first, each after what relies on it
  for (const end of endings.splice(0).toReversed()) await end();
});

test('a slot past the last partition wraps around', async () => {
  const { role, announced } = await worker({ WORKER_SLOT: '17' });
  await role.start();
  await expect.poll(() => announced.at(-1)).toMatchObject({ slot: 1 });
  expect(announced.at(-1)?.experts).toHaveLength(2);
});

test.each([
  ['an expert that the bundle does not have', 'm.1,m.7,m.9', 'm.7, m.9'],
  ['an expert of a mixture that it does not serve', 'm.2,text.byt5', 'text.byt5'],
])('EXPERTS with %s stops the start', async (_what, EXPERTS, strangers) => {
  const { role, announced } = await worker({ EXPERTS });
  await expect(role.start()).rejects.toMatchObject({
    code: 'bad_setting',
    field: 'EXPERTS',
    message: `EXPERTS names ${strangers}, but this worker serves the mixture m, whose experts are m.1, m.2`,
  });
  expect(announced).toEqual([]);
});

test('EXPERTS chooses among the experts of the bundle', async () => {
  const { role, announced } = await worker({ EXPERTS: 'm.2' });
  await role.start();
  await expect.poll(() => announced.at(-1)?.experts).toEqual([{ mixture: 'm', expert: '2' }]);
});

test('a bundle that is refused ends the start, is not announced and does not become the live one', async () => {
  const { role, platform, modelsDir, announced } = await worker({});
  await addBundle(modelsDir, 'broken', 2);
  await writeFile(join(modelsDir, 'm', 'broken', 'model.onnx'), 'a wodel');
  await expect(role.start()).rejects.toMatchObject({
    code: 'bundle_rejected',
    message: expect.stringMatching(/^model\.onnx has SHA-256/),
  });
  expect(announced).toEqual([]);
  await rm(join(modelsDir, 'm', 'broken'), { recursive: true });
  const next = new WorkerRole(platform, ['m']);
  endings.push(() => next.stop());
  await next.start();
  await expect
    .poll(() => announced.at(-1)?.readyBundles)
    .toEqual([{ mixture: 'm', bundle: 'good' }]);
  const pointer = new LivePointer(platform.records, platform.clock);
  expect(await pointer.read('m')).toBe('good');
});

interface WorkerAtTest {
  readonly role: WorkerRole;
  readonly platform: Platform;
  readonly modelsDir: string;
  /** What aggregators would have heard of it. */
  readonly announced: readonly Presence[];
}

/** A worker on an empty data folder, whose one bundle `m/good` has the experts 1 and 2. */
async function worker(environment: Readonly<Record<string, string>>): Promise<WorkerAtTest> {
  const folder = await mkdtemp(join(tmpdir(), 'chorus-worker-'));
  endings.push(() => rm(folder, { recursive: true }));
  const modelsDir = join(folder, 'models');
  await addBundle(modelsDir, 'good', 1);
  const settings = readSettings({
    DATA_DIR: join(folder, 'data'),
    MODELS_DIR: modelsDir,
    ...environment,
  });
  const opened = await openPlatform(settings, new AbortController().signal);
  endings.push(() => opened.close());
  await opened.records.migrate(migrations);
  const announced: Presence[] = [];
  const platform = { ...opened, modelRunner: new EasyRunner(), workerLine: heardBy(announced) };
  const role = new WorkerRole(platform, ['m']);
  endings.push(() => role.stop());
  return { role, platform, modelsDir, announced };
}

/** Takes every model. */
class EasyRunner implements ModelRunner {
  readonly capacity = 1;
  readonly device = 'cpu';

  async load(): Promise<LoadedModel> {
    return { run: async () => ({ outputs: [], runUs: 0 }), release: async () => undefined };
  }

  loadKernel(): Promise<LoadedModel> {
    return this.load();
  }

  async close(): Promise<void> {}
}

function heardBy(announced: Presence[]): WorkerLine {
  return {
    open: async () => undefined,
    announce: (presence) => void announced.push(presence),
    send: () => true,
    ready: async () => undefined,
    isConnected: () => true,
    clockOffsetUs: () => 0,
    close: async () => undefined,
  };
}

/** A bundle of two experts whose models nobody looks into. */
async function addBundle(modelsDir: string, version: string, createdMs: number): Promise<void> {
  const folder = join(modelsDir, 'm', version);
  await mkdir(folder, { recursive: true });
  const model = Buffer.from('a model');
  await writeFile(join(folder, 'model.onnx'), model);
  const tensors = [{ name: 'x', dtype: 'float32', shape: ['batch', 1] }] as const;
  const manifest: Manifest = {
    format: 1,
    mixture: 'm',
    version,
    createdMs,
    opset: 18,
    files: [
      {
        path: 'model.onnx',
        bytes: model.byteLength,
        sha256: createHash('sha256').update(model).digest('hex'),
      },
    ],
    experts: ['1', '2'].map((name) => {
      return { name, file: 'model.onnx', inputs: tensors, outputs: tensors };
    }),
    golden: [],
    lineage: {},
    metrics: {},
    mixtureParameters: {},
  };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
}
