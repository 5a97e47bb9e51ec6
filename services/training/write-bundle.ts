import { createHash } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { embeddingBag } from '../../models/graph/embedding-bag.ts';
import { builtOpset } from '../../models/graph/graph-builder.ts';
import { type BundleFile, type ExpertSignature, type Manifest } from '../domain/bundle.ts';
import { ChorusError } from '../domain/errors.ts';
import { recommenderParameters } from '../recommender/recommender-parameters.ts';
import { goldenVectors } from './golden-vectors.ts';
import { type TrainedExpert, type TrainedRecommender } from './trained-recommender.ts';

/** Where a bundle goes and when it was built. */
export interface BundlePlace {
  /** The bundle's folder; its last part becomes the version. Must not exist yet. */
  readonly folder: string;
  /** ms since the epoch. */
  readonly createdMs: number;
}

/**
 * Writes a trained recommender as a bundle. The folder appears at once, complete, or not at all:
 * it is written under another name and renamed.
 * @throws ChorusError `invalid_argument` for a bad version, `already_exists` for a folder that
 *   exists (a bundle is immutable).
 */
export async function writeBundle(
  model: TrainedRecommender,
  { folder, createdMs }: BundlePlace,
): Promise<Manifest> {
  const version = versionOf(folder);
  const contents = contentsOf(model);
  const manifest: Manifest = {
    format: 1,
    mixture: 'recommender',
    version,
    createdMs,
    opset: builtOpset,
    files: [...contents].map(([name, bytes]) => describe(name, bytes)),
    experts: model.experts.map((expert) => signatureOf(expert, model)),
    golden: goldenVectors(model),
    lineage: model.lineage,
    metrics: model.metrics,
    mixtureParameters: recommenderParameters.parse(model.parameters),
  };
  contents.set('manifest.json', Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`));
  await writeFolder(folder, contents);
  return manifest;
}

/** The version that a bundle's folder names. */
export function versionOf(folder: string): string {
  const version = path.basename(path.resolve(folder));
  if (/^[a-z0-9._-]{1,64}$/.test(version)) return version;
  throw new ChorusError(
    'invalid_argument',
    `the bundle folder's name is its version: a-z, 0-9, "." "_" "-", at most 64; got "${version}"`,
  );
}

function contentsOf({ items, tables, experts }: TrainedRecommender): Map<string, Uint8Array> {
  const { transitions } = tables;
  return new Map([
    ['items.json', Buffer.from(`${JSON.stringify(items)}\n`)],
    ['head.f32', bytesOf(tables.head)],
    ['centre.f32', bytesOf(tables.centre)],
    ['covariance.f32', bytesOf(tables.covariance)],
    ['gram.f32', bytesOf(tables.gram)],
    ['bias.f32', bytesOf(tables.bias)],
    ['transitions-offsets.i32', bytesOf(transitions.offsets)],
    ['transitions-items.i32', bytesOf(transitions.items)],
    ['transitions-values.f32', bytesOf(transitions.values)],
    ...experts.map(({ name, table }): [string, Uint8Array] => {
      const width = table.length / items.length;
      return [fileOf(name), embeddingBag({ table, rows: items.length, width })];
    }),
  ]);
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function describe(name: string, bytes: Uint8Array): BundleFile {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { path: name, bytes: bytes.byteLength, sha256 };
}

function fileOf(expert: string): string {
  return `expert-${expert}.onnx`;
}

function signatureOf({ name }: TrainedExpert, model: TrainedRecommender): ExpertSignature {
  const { width } = model.parameters.expertBlock;
  return {
    name,
    file: fileOf(name),
    inputs: [
      { name: 'items', dtype: 'int32', shape: ['batch', 'ragged'] },
      { name: 'weights', dtype: 'float32', shape: ['batch', 'ragged'] },
    ],
    outputs: [{ name: 'z', dtype: 'float32', shape: ['batch', width] }],
  };
}

async function writeFolder(folder: string, contents: ReadonlyMap<string, Uint8Array>) {
  const target = path.resolve(folder);
  const building = path.join(path.dirname(target), `.${path.basename(target)}.building`);
  await rm(building, { recursive: true, force: true });
  await mkdir(building, { recursive: true });
  try {
    await Promise.all(
      [...contents].map(([name, bytes]) => writeFile(path.join(building, name), bytes)),
    );
    await rename(building, target);
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOTDIR') throw error;
    throw new ChorusError('already_exists', `${folder} exists: a bundle is never overwritten`, {
      cause: error,
    });
  }
}
