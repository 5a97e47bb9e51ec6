import { createHash } from 'node:crypto';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { BundleContents, BundleFile, Manifest } from '../domain/bundle.ts';
import { ChorusError } from '../domain/errors.ts';
import { logger } from '../platform/telemetry/logger.ts';
import { bundleVersionPattern, parseManifest } from './manifest-schema.ts';

const maxFileBytes = 1024 ** 3;

/**
 * Reads `<modelsDir>/<mixture>/<version>`: every file that the manifest lists is read once,
 * measured and hashed, and those very bytes are what `file` gives, so nothing can be exchanged
 * between the check and the use.
 * @throws ChorusError `bundle_rejected` with the reason.
 */
export async function openBundleFolder(
  modelsDir: string,
  mixture: string,
  version: string,
): Promise<BundleContents> {
  if (!bundleVersionPattern.test(version)) {
    throw new ChorusError('bundle_rejected', `'${version}' is no bundle version`);
  }
  const what = `bundle ${mixture}/${version}`;
  const contents = await readBundleFolder(join(modelsDir, mixture, version), what);
  refuseOther(contents.manifest, mixture, version);
  return contents;
}

/**
 * Reads and checks one file of `<modelsDir>/<mixture>/<version>`.
 * @throws ChorusError `bundle_rejected` with the reason.
 */
export async function readBundleFile(
  modelsDir: string,
  { mixture, version, path }: { mixture: string; version: string; path: string },
): Promise<Uint8Array> {
  const what = `bundle ${mixture}/${version}`;
  const folder = await existing(join(modelsDir, mixture, version), what);
  const file = (await readManifest(folder)).files.find((listed) => listed.path === path);
  if (file !== undefined) return await readChecked(folder, file);
  throw new ChorusError('bundle_rejected', `${what} has no file ${path}`);
}

/** Reads and checks one bundle's folder, wherever it lies; see `openBundleFolder`. */
export async function readBundleFolder(path: string, what = path): Promise<BundleContents> {
  const folder = await existing(path, what);
  const manifest = await readManifest(folder);
  const files = new Map(
    await Promise.all(
      manifest.files.map(async (file) => [file.path, await readChecked(folder, file)] as const),
    ),
  );
  return {
    manifest,
    file(name) {
      const bytes = files.get(name);
      if (bytes !== undefined) return bytes;
      throw new ChorusError('bundle_rejected', `${what} has no file ${name}`);
    },
  };
}

/** The bundles of a mixture that lie in a folder. */
export interface BundleListing {
  /** Oldest first by the time they were built. */
  readonly versions: readonly string[];
  /** Folders that hold no bundle to be read, each with the reason. */
  readonly unreadable: readonly string[];
}

/** Lists the bundles of a mixture in `modelsDir` by their manifests; their other files are not looked at. */
export async function listBundleFolders(
  modelsDir: string,
  mixture: string,
): Promise<BundleListing> {
  const names = await readdir(join(modelsDir, mixture)).catch(() => []);
  const candidates = names.filter((name) => bundleVersionPattern.test(name)).toSorted();
  const found: Manifest[] = [];
  const unreadable: string[] = [];
  for (const name of candidates) {
    const what = `${mixture}/${name}`;
    try {
      // oxlint-disable-next-line no-await-in-loop -- few small files, once
      const manifest = await readManifest(await existing(join(modelsDir, mixture, name), what));
      refuseOther(manifest, mixture, name);
      found.push(manifest);
    } catch (error) {
      // Beside one that is broken or still being copied the others are as good as before.
      const reason = `${what}: ${ChorusError.from(error).message}`;
      logger.warn({ event: 'bundle.skipped', mixture, version: name, reason });
      unreadable.push(reason);
    }
  }
  const versions = found
    .toSorted((a, b) => a.createdMs - b.createdMs || (a.version < b.version ? -1 : 1))
    .map(({ version }) => version);
  return { versions, unreadable };
}

function refuseOther(manifest: Manifest, mixture: string, version: string): void {
  if (manifest.mixture === mixture && manifest.version === version) return;
  const found = `${manifest.mixture}/${manifest.version}`;
  throw new ChorusError('bundle_rejected', `folder ${mixture}/${version} holds ${found}`);
}

async function readManifest(folder: string): Promise<Manifest> {
  return parseManifest(await readFile(await inside(folder, 'manifest.json'), 'utf8'));
}

async function readChecked(folder: string, file: BundleFile): Promise<Uint8Array> {
  const path = await inside(folder, file.path);
  const found = await stat(path);
  if (!found.isFile()) throw new ChorusError('bundle_rejected', `${file.path} is no regular file`);
  if (found.size !== file.bytes || found.size > maxFileBytes) {
    const message = `${file.path} has ${found.size} bytes, expected ${file.bytes}`;
    throw new ChorusError('bundle_rejected', message);
  }
  const bytes = await readFile(path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== file.sha256) {
    const message = `${file.path} has SHA-256 ${sha256}, expected ${file.sha256}`;
    throw new ChorusError('bundle_rejected', message);
  }
  return bytes;
}

async function inside(folder: string, path: string): Promise<string> {
  const real = await existing(join(folder, path), path);
  // A link that leads out of the folder would let a bundle read any file of the machine.
  if (real.startsWith(folder + sep)) return real;
  throw new ChorusError('bundle_rejected', `${path} leads out of its bundle's folder`);
}

async function existing(path: string, what: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (cause) {
    throw new ChorusError('bundle_rejected', `${what} is missing`, { cause });
  }
}
