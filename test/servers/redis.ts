import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findExecutable } from './find-executable.ts';
import { freePort } from './free-port.ts';
import type { RunningServer, ServerKind } from './server-kind.ts';
import { ServerProcess } from './server-process.ts';

/** Redis without persistence: a restart loses what it held, as a cache may. */
export const redis: ServerKind = {
  name: 'Redis',

  whyMissing(): string | undefined {
    return findExecutable('redis-server') === undefined
      ? 'no redis-server on PATH (test/servers/install.sh installs it)'
      : undefined;
  },

  async start(): Promise<RunningServer> {
    const port = await freePort();
    return ServerProcess.start({
      name: 'Redis',
      address: `redis://127.0.0.1:${port}`,
      command: 'redis-server',
      args: ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
      folder: await mkdtemp(join(tmpdir(), 'chorus-redis-')),
      readyLine: /ready to accept connections/i,
      endSignal: 'SIGKILL',
    });
  },
};
