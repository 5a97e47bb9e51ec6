import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chown, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findExecutable } from './find-executable.ts';
import { freePort } from './free-port.ts';
import type { RunningServer, ServerKind } from './server-kind.ts';
import { ServerProcess } from './server-process.ts';

const debianFolder = '/usr/lib/postgresql';
const run = promisify(execFile);

/** PostgreSQL with Debian's binaries: user `postgres`, no password, fsync as in production. */
export const postgres: ServerKind = {
  name: 'PostgreSQL',

  whyMissing(): string | undefined {
    if (findInitdb() === undefined) {
      return `no initdb in ${debianFolder}/*/bin (test/servers/install.sh installs it)`;
    }
    if (isRoot() && findPostgresUser() === undefined) {
      return 'we are root, which PostgreSQL refuses, and there is no user postgres to run it as';
    }
    return undefined;
  },

  async start(): Promise<RunningServer> {
    const initdb = findInitdb();
    if (initdb === undefined) throw new Error(this.whyMissing());
    const user = isRoot() ? findPostgresUser() : undefined;
    const folder = await mkdtemp(join(tmpdir(), 'chorus-postgres-'));
    if (user !== undefined) await chown(folder, user.uid, user.gid);
    const data = join(folder, 'data');
    await run(
      initdb,
      ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
      { cwd: folder, ...user },
    );
    const port = await freePort();
    return ServerProcess.start({
      name: 'PostgreSQL',
      address: `postgresql://postgres@127.0.0.1:${port}/postgres`,
      command: initdb.replace(/initdb$/, 'postgres'),
      args: ['-D', data, '-p', `${port}`, '-h', '127.0.0.1', '-k', folder],
      folder,
      readyLine: /database system is ready to accept connections/,
      // Its "immediate" shutdown: ends the backends too and lets recovery run, like a crash.
      endSignal: 'SIGQUIT',
      user,
    });
  },
};

function findInitdb(): string | undefined {
  return findExecutable('initdb', [...debianBinFolders(), ...pathFolders()]);
}

/** Debian keeps one folder per major version, off PATH; the newest first. */
function debianBinFolders(): string[] {
  try {
    const versions = readdirSync(debianFolder).toSorted((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(debianFolder, version, 'bin'));
  } catch {
    return [];
  }
}

function pathFolders(): string[] {
  return (process.env['PATH'] ?? '').split(':');
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function findPostgresUser(): { uid: number; gid: number } | undefined {
  const line = readFileSync('/etc/passwd', 'utf8').match(/^postgres:[^:]*:(\d+):(\d+):/m);
  return line === null ? undefined : { uid: Number(line[1]), gid: Number(line[2]) };
}
