import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ChorusError } from '../../domain/errors.ts';
import { type ItemRecord } from '../../recommender/recommender-parameters.ts';
import { type Interactions, type Met, packInteractions } from './interactions.ts';

/** The files by which the layout is known; `validation.tsv` beside them is never opened. */
export const movieLens1mFiles = ['train.tsv', 'movies.dat', 'item_map.tsv'] as const;

/**
 * Reads the training interactions of the NCF benchmark's MovieLens-1M (`user item band`, its own
 * item ids). Every band is a positive of weight 1. There are no times, and the rows' order is not
 * the order of events: histories are sorted by item to give equal bytes for equal content.
 */
export async function readMovieLens1m(folder: string): Promise<Interactions> {
  const read = async (name: string): Promise<string[]> => {
    const text = await readFile(path.join(folder, name), 'latin1');
    return text.split('\n').filter((line) => line !== '');
  };
  const [train, films, map] = await Promise.all(movieLens1mFiles.map(read));
  const filmOf = new Map((films ?? []).map((line) => [line.split('::')[0], line]));
  const items = (map ?? []).slice(1).map((line, row) => toItem(line, row, filmOf));
  return packInteractions({
    source: 'movielens-1m',
    items,
    histories: readHistories((train ?? []).slice(1), items.length),
    hasTimes: false,
  });
}

function toItem(
  line: string,
  row: number,
  filmOf: ReadonlyMap<string | undefined, string>,
): ItemRecord {
  const [id = '', movie = ''] = line.trim().split('\t');
  if (id !== `${row}`) {
    throw new ChorusError(
      'invalid_argument',
      `item_map.tsv line ${row + 2}: expected item ${row}, got "${id}"`,
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
  for (const [at, line] of lines.entries()) {
    const [user, item] = line.split('\t', 2).map(Number);
    const isKnown = item !== undefined && item >= 0 && item < itemCount;
    if (user === undefined || !Number.isInteger(user) || !Number.isInteger(item) || !isKnown) {
      throw new ChorusError(
        'invalid_argument',
        `train.tsv line ${at + 2}: expected "user item band" with an item of item_map.tsv, got "${line.slice(0, 80)}"`,
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
