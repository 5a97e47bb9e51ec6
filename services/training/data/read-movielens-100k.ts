import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ChorusError } from '../../domain/errors.ts';
import { type ItemRecord } from '../../recommender/recommender-parameters.ts';
import { type Interactions, type Met, packInteractions } from './interactions.ts';

/** The files by which the layout is known. */
export const movieLens100kFiles = ['u.data', 'u.item', 'u.genre'] as const;

/** Columns of `u.item` before its genre flags. */
const genreColumn = 5;

/**
 * Reads MovieLens-100K. Every rating is a positive of weight 1; histories are ordered by
 * (timestamp, item id), both ascending, because half of all neighbours share their timestamp and
 * the order among those decides what a sequence model scores.
 */
export async function readMovieLens100k(folder: string): Promise<Interactions> {
  // The files predate UTF-8: titles carry é as one latin-1 byte.
  const read = async (name: string): Promise<string[]> => {
    const text = await readFile(path.join(folder, name), 'latin1');
    return text.split('\n').filter((line) => line !== '');
  };
  const [ratings, films, genreLines] = await Promise.all(movieLens100kFiles.map(read));
  const genres = (genreLines ?? []).map((line) => line.split('|')[0] ?? '');
  const items = (films ?? [])
    .map((line) => toItem(line, genres))
    .toSorted((left, right) => Number(left.id) - Number(right.id));
  const rowOf = new Map(items.map(({ id }, row) => [id, row]));
  return packInteractions({
    source: 'movielens-100k',
    items,
    histories: readHistories(ratings ?? [], rowOf),
    hasTimes: true,
  });
}

function toItem(line: string, genres: readonly string[]): ItemRecord {
  const columns = line.split('|');
  const flags = columns.slice(genreColumn);
  const year = Number(columns[2]?.slice(-4));
  return {
    id: columns[0] ?? '',
    title: columns[1] ?? '',
    genres: genres.filter((genre, at) => flags[at] === '1' && genre !== 'unknown'),
    ...(year > 0 && { year }),
  };
}

function readHistories(
  lines: readonly string[],
  rowOf: ReadonlyMap<string, number>,
): ReadonlyMap<string, readonly Met[]> {
  const histories = new Map<string, Met[]>();
  for (const [at, line] of lines.entries()) {
    const [user = '', item = '', , seconds] = line.split('\t');
    const itemRow = rowOf.get(item);
    const timeMs = Number(seconds) * 1000;
    if (itemRow === undefined || !Number.isFinite(timeMs)) {
      throw new ChorusError(
        'invalid_argument',
        `u.data line ${at + 1}: expected "user item rating timestamp" with an item of u.item, got "${line.slice(0, 80)}"`,
      );
    }
    const history = histories.get(user) ?? [];
    history.push({ itemRow, weight: 1, timeMs });
    histories.set(user, history);
  }
  const users = [...histories].toSorted(([left], [right]) => Number(left) - Number(right));
  return new Map(
    users.map(([user, history]) => [
      user,
      history.toSorted((left, right) => left.timeMs - right.timeMs || left.itemRow - right.itemRow),
    ]),
  );
}
