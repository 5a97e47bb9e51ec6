import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { type Interactions } from '../data/interactions.ts';
import { type TrainingSettings } from '../training-settings.ts';
import { type Checkpoint, type StageArrays } from './checkpoint.ts';
import { readStageFile, writeStageFile } from './stage-file.ts';

/** To be raised when a stage computes something else from the same data, settings and seed. */
const recipe = 1;

/** What decides everything that a training computes. */
export interface TrainingCause {
  readonly interactions: Interactions;
  readonly settings: TrainingSettings;
  readonly seed: number;
}

/**
 * Keeps the stages of a run beside the bundle that it will become: `<bundle folder>.partial/`, in
 * a folder named by a hash of data, settings and seed. A run of anything else has another name,
 * so it is never taken for this one.
 */
export class FolderCheckpoint implements Checkpoint {
  readonly #root: string;
  readonly #folder: string;

  private constructor(root: string, folder: string) {
    this.#root = root;
    this.#folder = folder;
  }

  /** @param bundle the folder that the trained bundle will have. */
  static async open(bundle: string, cause: TrainingCause): Promise<FolderCheckpoint> {
    const root = `${path.resolve(bundle)}.partial`;
    const folder = path.join(root, hashOf(cause));
    await mkdir(folder, { recursive: true });
    return new FolderCheckpoint(root, folder);
  }

  /** Where the stages lie. */
  get folder(): string {
    return this.#folder;
  }

  /** Names of the stages kept so far. */
  async stages(): Promise<readonly string[]> {
    const names = await readdir(this.#folder);
    return names
      .filter((name) => name.endsWith(extension))
      .map((name) => name.slice(0, -extension.length).replaceAll('-', ' '))
      .toSorted();
  }

  /** How many runs of other data, settings or seeds lie beside this one. */
  async others(): Promise<number> {
    const names = await readdir(this.#root);
    return names.filter((name) => name !== path.basename(this.#folder)).length;
  }

  async load(stage: string): Promise<StageArrays | undefined> {
    return await readStageFile(this.#pathOf(stage));
  }

  async save(stage: string, arrays: StageArrays): Promise<void> {
    await writeStageFile(this.#pathOf(stage), arrays);
  }

  /** Forgets this run, when its bundle is written. */
  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    // Stays where runs of something else lie in it.
    await rmdir(this.#root).catch(() => undefined);
  }

  #pathOf(stage: string): string {
    return path.join(this.#folder, `${stage.replaceAll(' ', '-')}${extension}`);
  }
}

const extension = '.stage';

function hashOf({ interactions, settings, seed }: TrainingCause): string {
  const { source, items, users, offsets, itemRows, weights, timesMs } = interactions;
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ recipe, seed, settings, source, items, users }));
  for (const array of [offsets, itemRows, weights, timesMs ?? new Float64Array()]) {
    hash.update(`${array.length};`);
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest('hex').slice(0, 16);
}
