import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const command = fileURLToPath(new URL('./import.ts', import.meta.url));
const run = promisify(execFile);

test(
  'refuses records that servers share without the cache that they share',
  { timeout: 60_000 },
  async () => {
    const env = { PATH: process.env['PATH'], DATABASE_URL: 'postgres://chorus@127.0.0.1:9/chorus' };
    // With both it would wait for a database that is not there.
    await expect(
      run(process.execPath, [command, '--data', 'synthetic'], { env, timeout: 50_000 }),
    ).rejects.toMatchObject({
      code: 78,
      stdout: '',
      stderr: expect.stringMatching(/^import: REDIS_URL is missing beside DATABASE_URL: expected/),
    });
  },
);
