import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ChorusError } from '../../domain/errors.ts';
import { type ItemRecord } from '../../recommender/recommender-parameters.ts';
import { type Interactions, type Met, packInteractions } from './interactions.ts';

/** The files by which the layout is known; `validation.tsv` beside them is never opened. */
export const movieLens1mFiles = ['train.tsv', 'item_map.tsv'] as const;

/** Titles and genres; without this file the items go by their number. */
const filmsFile = 'movies.dat';

/**
 * Reads the training interactions of the NCF benchmark's MovieLens-1M (`user item band`, its own
 * item ids), in any order, repeated rows once. Every band is a positive of weight 1. There are no
 * times, and the rows' order is not the order of events: histories are sorted by item to give
 * equal bytes for equal content.
 */
export async function readMovieLens1m(folder: string): Promise<Interactions> {
  const [train, map, films] = await Promise.all([
    readLines(folder, movieLens1mFiles[0]),
    readLines(folder, movieLens1mFiles[1]),
    readLines(folder, filmsFile).catch(nothingIfAbsent),
  ]);
  const filmOf = new Map(films.map((line) => [line.split('::')[0], line]));
  const movies = withoutTitles(map)
    .map((line) => line.split('\t'))
    .toSorted(([left], [right]) => Number(left) - Number(right));
  const items = movies.map(([id = '', movie = ''], row) => toItem({ id, movie }, row, filmOf));
  return packInteractions({
    source: 'movielens-1m',
    items,
    histories: readHistories(train, items.length),
    hasTimes: false,
  });
}

async function readLines(folder: string, name: string): Promise<readonly string[]> {
  const text = await readFile(path.join(folder, name), 'latin1');
  return text.split(/\r?\n/).filter((line) => line !== '');
}

function nothingIfAbsent(error: unknown): readonly string[] {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
  throw error;
}

/** The lines below a table's column titles, where it has any. */
function withoutTitles(lines: readonly string[]): readonly string[] {
  return /^\d/.test(lines[0] ?? '') ? lines : lines.slice(1);
}

function toItem(
  { id, movie }: { readonly id: string; readonly movie: string },
  row: number,
  filmOf: ReadonlyMap<string | undefined, string>,
): ItemRecord {
  if (id !== `${row}`) {
    throw new ChorusError(
      'invalid_argument',
      `item_map.tsv: expected items 0, 1, 2, …, each once; looking for ${row}, found "${id}"`,
    );
  }
  const [, title = `Movie ${movie}`, genres = ''] = (filmOf.get(movie) ?? '').split('::');
  const year = Number(/\((\d{4})\)\s*$/.exec(title)?.[1]);
  return {
    id,
    title,
    genres: genres.split('|').filter((genre) => genre !== ''),
    ...(year > 0 && { year }),
  };
}

function readHistories(
  lines: readonly string[],
  itemCount: number,
): ReadonlyMap<string, readonly Met[]> {
  const histories = new Map<number, Set<number>>();
  const table = withoutTitles(lines);
  for (const [at, line] of table.entries()) {
    const [user, item] = line.split('\t', 2).map(Number);
    const isKnown = item !== undefined && item >= 0 && item < itemCount;
    if (user === undefined || !Number.isInteger(user) || !Number.isInteger(item) || !isKnown) {
      throw new ChorusError(
        'invalid_argument',
        `train.tsv line ${at + 1 + lines.length - table.length}: expected "user item band" with an item of item_map.tsv, got "${line.slice(0, 80)}"`,
      );
    }
    const history = histories.get(user) ?? new Set();
    history.add(item);
    histories.set(user, history);
  }
  const users = [...histories].toSorted(([left], [right]) => left - right);
  return new Map(
    users.map(([user, rows]) => [
      `${user}`,
      [...rows]
        .toSorted((left, right) => left - right)
        .map((itemRow) => ({ itemRow, weight: 1, timeMs: 0 })),
    ]),
  );
}
