import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readData } from './read-data.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'read-data-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  await Promise.all(
    Object.entries(files).map(([name, text]) =>
      writeFile(path.join(folder, name), Buffer.from(text, 'latin1')),
    ),
  );
}

const small = {
  'u.item':
    '2|Amélie (2001)|25-Apr-2001||url|0|1|1\n10|No date||| |1|0|0\n1|Old (1950)|01-Jan-1950||u|0|0|1\n',
  'u.genre': 'unknown|0\nComedy|1\nRomance|2\n\n',
  'u.data': '7\t10\t3\t200\n7\t2\t5\t100\n3\t1\t1\t50\n7\t1\t4\t100\n',
};

describe('readData', () => {
  it('reads MovieLens-100K, ordered by time and then by item id', async () => {
    await write(small);
    const data = await readData(folder, 1);
    expect(data.items).toEqual([
      { id: '1', title: 'Old (1950)', genres: ['Romance'], year: 1950 },
      { id: '2', title: 'Amélie (2001)', genres: ['Comedy', 'Romance'], year: 2001 },
      { id: '10', title: 'No date', genres: [] },
    ]);
    expect(data.users).toEqual(['3', '7']);
    expect([...data.offsets]).toEqual([0, 1, 4]);
    expect([...data.itemRows]).toEqual([0, 0, 1, 2]);
    expect([...(data.timesMs ?? [])]).toEqual([50_000, 100_000, 100_000, 200_000]);
  });

  it('names the line that it cannot read', async () => {
    await write({ ...small, 'u.data': '7\t10\t3\t200\n7\t99\t3\t200\n' });
    await expect(readData(folder, 1)).rejects.toThrow('u.data line 2');
  });

  it('reads the MovieLens-1M benchmark without times, and never its validation file', async () => {
    await write({
      'train.tsv': 'user\titem\tband\n1\t1\t4\n0\t1\t2\n1\t0\t0\n',
      'item_map.tsv': 'ncf_item\tmovie_id\n0\t1193\n1\t661\n',
      'movies.dat': '661::James and the Giant Peach (1996)::Animation|Musical\n',
      'validation.tsv': 'this is not a table',
    });
    const data = await readData(folder, 1);
    expect(data.items[1]).toEqual({
      id: '1',
      title: 'James and the Giant Peach (1996)',
      genres: ['Animation', 'Musical'],
      year: 1996,
    });
    expect(data.timesMs).toBeNull();
    expect([...data.itemRows]).toEqual([1, 0, 1]);
  });

  it('reads MovieLens-1M in any order, repeated rows once, with nothing beside them', async () => {
    const map = ['0\t1193', '1\t661', '2\t914'];
    await write({
      'train.tsv': 'user\titem\tband\n0\t0\t4\n0\t2\t2\n1\t1\t3\n',
      'item_map.tsv': `ncf_item\tmovie_id\n${map.join('\n')}\n`,
    });
    const sorted = await readData(folder, 1);
    await write({
      'train.tsv': 'user\titem\tband\n1\t1\t3\n0\t2\t2\n0\t0\t4\n0\t2\t4\n1\t1\t3\n',
      'item_map.tsv': `ncf_item\tmovie_id\n${map.toReversed().join('\r\n')}\r\n`,
    });
    expect(await readData(folder, 1)).toEqual(sorted);
    expect(sorted.items[0]).toEqual({ id: '0', title: 'Movie 1193', genres: [] });
    expect([...sorted.offsets]).toEqual([0, 2, 3]);
    expect([...sorted.itemRows]).toEqual([0, 2, 1]);
  });

  it('names the line of train.tsv that it cannot read, and the item that the map lacks', async () => {
    await write({ 'train.tsv': '0\t0\t4\n0\t7\t4\n', 'item_map.tsv': '0\t1193\n' });
    await expect(readData(folder, 1)).rejects.toThrow('train.tsv line 2');
    await write({ 'item_map.tsv': '0\t1193\n2\t661\n' });
    await expect(readData(folder, 1)).rejects.toThrow('looking for 1, found "2"');
  });

  it('says what a folder lacks', async () => {
    await write({ 'u.data': '', 'u.item': '' });
    await expect(readData(folder, 1)).rejects.toThrow('MovieLens-100K needs u.genre');
    await expect(readData(path.join(folder, 'none'), 1)).rejects.toThrow(
      'cannot read the data folder',
    );
  });
});
