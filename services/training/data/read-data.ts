import { readdir } from 'node:fs/promises';
import { ChorusError } from '../../domain/errors.ts';
import { type Interactions } from './interactions.ts';
import { movieLens100kFiles, readMovieLens100k } from './read-movielens-100k.ts';
import { movieLens1mFiles, readMovieLens1m } from './read-movielens-1m.ts';
import { syntheticWorld } from './synthetic-world.ts';

const layouts = [
  { name: 'MovieLens-100K', files: movieLens100kFiles, read: readMovieLens100k },
  { name: 'MovieLens-1M', files: movieLens1mFiles, read: readMovieLens1m },
];

/**
 * Reads a data set, whose layout shows in its files.
 * @param source a folder, or `synthetic` for our own world.
 * @param seed of the synthetic world.
 * @throws ChorusError `invalid_argument` naming what the folder lacks.
 */
export async function readData(source: string, seed: number): Promise<Interactions> {
  if (source === 'synthetic') return syntheticWorld({ seed });
  const present = await list(source);
  const layout = layouts.find(({ files }) => files.every((file) => present.has(file)));
  if (layout !== undefined) return await layout.read(source);
  const missing = layouts.map(({ name, files }) => {
    return `${name} needs ${files.filter((file) => !present.has(file)).join(', ')}`;
  });
  throw new ChorusError(
    'invalid_argument',
    `${source} holds no data set that Chorus can read; beside what is there, ${missing.join('; ')}`,
  );
}

async function list(folder: string): Promise<ReadonlySet<string>> {
  try {
    return new Set(await readdir(folder));
  } catch (error) {
    throw new ChorusError('invalid_argument', `cannot read the data folder ${folder}`, {
      cause: error,
    });
  }
}
