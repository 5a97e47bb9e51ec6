import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pkg from 'onnx-proto';
import { afterEach, expect, inject, test } from 'vitest';
import type { Manifest } from '../../services/domain/bundle.ts';
import { ChorusProcess } from './chorus-process.ts';

const { onnx } = pkg;
type Writable<Value> = { -readonly [Key in keyof Value]: Writable<Value[Key]> };
type WritableManifest = Writable<Manifest>;

const folders: string[] = [];
const running: ChorusProcess[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((process) => process.clear()));
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
});

/** What is done to a bundle, and what the start says of it. */
const spoilt: readonly (readonly [string, (folder: string) => Promise<void>, RegExp])[] = [
  [
    'a wrong hash',
    async (folder) => {
      const path = join(folder, 'head.f32');
      const bytes = await readFile(path);
      bytes[7] = (bytes[7] ?? 0) ^ 1;
      await writeFile(path, bytes);
    },
    /head\.f32 has SHA-256 [0-9a-f]{64}, expected/,
  ],
  ['a missing file', (folder) => rm(join(folder, 'expert-3.onnx')), /expert-3\.onnx is missing/],
  [
    'an external initialiser',
    async (folder) => {
      const path = join(folder, 'expert-2.onnx');
      const model = onnx.ModelProto.decode(await readFile(path));
      const [constant] = model.graph?.initializer ?? [];
      if (constant === undefined || constant === null) throw new Error('no constant to move');
      constant.rawData = new Uint8Array(0);
      constant.dataLocation = onnx.TensorProto.DataLocation.EXTERNAL;
      constant.externalData = [
        onnx.StringStringEntryProto.create({ key: 'location', value: 'manifest.json' }),
      ];
      const bytes = onnx.ModelProto.encode(model).finish();
      await writeFile(path, bytes);
      // The file is the one that the manifest lists: only a look inside tells.
      await changeManifest(folder, ({ files }) => {
        const file = files.find((listed) => listed.path === 'expert-2.onnx');
        if (file === undefined) throw new Error('not in the manifest');
        file.bytes = bytes.byteLength;
        file.sha256 = createHash('sha256').update(bytes).digest('hex');
      });
    },
    /a constant lies in another file/,
  ],
  [
    'inputs of another type than the model takes',
    (folder) =>
      changeManifest(folder, ({ experts }) => {
        const [weights] = experts[3]?.inputs.filter(({ name }) => name === 'weights') ?? [];
        if (weights === undefined) throw new Error('no weights');
        weights.dtype = 'int64';
      }),
    /does not fit its signature.*weights/,
  ],
  [
    'inputs that no recommender has',
    (folder) =>
      changeManifest(folder, ({ experts }) => {
        const [input] = experts[0]?.inputs ?? [];
        if (input === undefined) throw new Error('no input');
        input.name = 'pixels';
      }),
    /expert 1 wants 'pixels'/,
  ],
];

test.each(spoilt)(
  '%s ends the start with exit code 78 and says so',
  async (_what, spoil, words) => {
    const modelsDir = await mkdtemp(join(tmpdir(), 'chorus-spoilt-'));
    folders.push(modelsDir);
    await cp(inject('modelsDir'), modelsDir, { recursive: true });
    await spoil(join(modelsDir, 'recommender', 'small'));
    const process = new ChorusProcess({ MODELS_DIR: modelsDir });
    running.push(process);
    expect(await process.exited()).toBe(78);
    const [refusal] = process.events('process.start-failed');
    expect(refusal).toMatchObject({ code: 'bundle_rejected' });
    expect(refusal?.['error']).toMatch(words);
    expect(process.stderr).toContain(`Chorus cannot start: ${String(refusal?.['error'])}`);
    expect(process.stdout).toBe('');
  },
);

async function changeManifest(
  folder: string,
  change: (manifest: WritableManifest) => void,
): Promise<void> {
  const path = join(folder, 'manifest.json');
  const manifest: WritableManifest = JSON.parse(await readFile(path, 'utf8'));
  change(manifest);
  await writeFile(path, JSON.stringify(manifest));
}
