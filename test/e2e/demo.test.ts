import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { root } from '../structure/source-files.ts';

const run = promisify(execFile);
/** It trains a bundle first, on however many cores are free. */
const patienceMs = 300_000;
const shown = 5;

test(
  'the demo trains, ranks titles for three people, one of them unknown, and ends',
  { timeout: patienceMs + 10_000 },
  async () => {
    // What `npm run demo` runs after the build.
    const command = join(root, 'deploy/commands/demo.ts');
    const options = { cwd: root, timeout: patienceMs };
    const { stdout } = await run(process.execPath, [command], options);
    const people = stdout.split('\n\n').slice(1);
    expect(people.map((text) => text.split('\n')[0])).toEqual([
      expect.stringMatching(/^User user-\d+, who met \d+ items \(path: user\)$/),
      expect.stringMatching(/^User user-\d+, who met \d+ items \(path: user\)$/),
      expect.stringMatching(/^A stranger who just looked at .+ \(path: session\)$/),
    ]);
    for (const text of people) {
      const titles = [...text.matchAll(/^ +\d\. +-?\d+\.\d{3} {2}(\S.*)$/gm)].map(
        ([, title]) => title,
      );
      expect(new Set(titles).size).toBe(shown);
      expect(text).toMatch(/^ {2}answered by expert \d \d\.\d\d, expert \d \d\.\d\d/m);
      expect(text).toMatch(/ in all: features .*; bundle recommender\/demo$/m);
    }
  },
);
