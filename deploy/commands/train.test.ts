import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const command = fileURLToPath(new URL('./train.ts', import.meta.url));

let home = '';
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'train-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** Runs the command; `until`: what it must have said before it is sent SIGINT. */
async function train(args: readonly string[], until?: string) {
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let printed = '';
  let isSent = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (isSent || until === undefined || !said.includes(until)) return;
    isSent = true;
    child.kill('SIGINT');
  });
  const [code] = await once(child, 'close');
  return { code, said, printed };
}

it(
  'ends at once when interrupted, says how to go on, and then goes on',
  { timeout: 300_000 },
  async () => {
    const out = path.join(home, 'v1');
    const args = ['--data', 'synthetic', '--out', out, '--json'];
    const interrupted = await train(args, 'users:');
    expect(interrupted).toMatchObject({ code: 130, printed: '' });
    expect(interrupted.said).toContain('ended by SIGINT; the same command goes on after');
    expect(await readdir(home)).toEqual(['v1.partial']);

    const resumed = await train([...args, '--seed', '1']);
    expect(resumed.said).toMatch(/going on from what was kept of: base 1/);
    expect(resumed.said).not.toMatch(/^base 1:/m);
    expect(resumed.code).toBe(0);
    expect(JSON.parse(resumed.printed)).toMatchObject({
      bundle: 'recommender/v1',
      held_out: 'none',
    });
    expect(await readdir(home)).toEqual(['v1']);
  },
);

it.each([
  [['--data', 'synthetic', '--out', 'x', '--hold-out', 'first'], 64, /last or none/],
  [['--data', 'synthetic', '--out', 'x', '--seed', '-1'], 64, /--seed/],
  [['--data', '/nowhere', '--out', 'x'], 78, /cannot read the data folder/],
])('refuses %j', { timeout: 60_000 }, async (args, code, words) => {
  const refused = await train(args);
  expect(refused).toMatchObject({ code, printed: '' });
  expect(refused.said).toMatch(words);
});
