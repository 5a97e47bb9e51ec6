import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTargets } from './read-targets.ts';
import { ScoreFile } from './score-file.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evaluation-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(text: string): Promise<string> {
  const path = join(folder, 'targets.tsv');
  await writeFile(path, text);
  return path;
}

describe('readTargets', () => {
  it('reads one held-out item and its negatives per user, whatever the line ends', async () => {
    const path = await write('user\titem\tnegatives\n0\t34\t1,2,3\r\n7\t1\t9\n\n');
    expect(await readTargets(path)).toEqual([
      { user: '0', item: '34', negatives: ['1', '2', '3'] },
      { user: '7', item: '1', negatives: ['9'] },
    ]);
  });

  it('needs no header', async () => {
    expect(await readTargets(await write('0\t34\t1\n1\t35\t2'))).toHaveLength(2);
  });

  it.each([
    ['two columns', 'user\titem\n0\t34\n', /line 2: expected "user item negatives"/],
    ['a user twice', '0\t34\t1\n0\t35\t1\n', /line 2: .* user 0 again/],
    ['nobody', 'user\titem\tnegatives\n', /names no user/],
  ])('refuses %s', async (_, text, message) => {
    await expect(readTargets(await write(text))).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(message),
    });
  });

  it('says which file it cannot read', async () => {
    await expect(readTargets(join(folder, 'none.tsv'))).rejects.toThrow(/cannot read .*none\.tsv/);
  });
});

describe('ScoreFile', () => {
  it('writes scores from which the same float32 can be read', async () => {
    const path = join(folder, 'scores.tsv');
    const file = new ScoreFile(path);
    const scores = Float32Array.of(0.1, -1e-9, 1 / 3, 16777217, 0);
    const ranked = Array.from(scores, (score, at) => ({ item: `i${at}`, score }));
    await file.write('u', ranked);
    await file.write('v', ranked.slice(0, 1));
    await file.close();
    await file.close();
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    const rows = lines.map((line) => line.split('\t'));
    expect(rows.map(([user, item]) => `${user} ${item}`)).toEqual([
      'u i0',
      'u i1',
      'u i2',
      'u i3',
      'u i4',
      'v i0',
    ]);
    expect(Float32Array.from(rows.slice(0, 5), ([, , score]) => Number(score))).toEqual(scores);
  });

  it('says that it cannot be written', async () => {
    const file = new ScoreFile(join(folder, 'no', 'scores.tsv'));
    await expect(file.close()).rejects.toThrow(/cannot write .*no.scores\.tsv/);
  });
});
