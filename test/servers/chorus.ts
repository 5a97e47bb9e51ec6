import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServerProcess } from './server-process.ts';

/** A process of Chorus itself, from the build in `dist`. */
export interface ChorusProcess {
  readonly process: ServerProcess;
  /** `http://127.0.0.1:…`; empty without the role gateway. */
  readonly http: string;
  /** `host:port` of the public gRPC port. */
  readonly grpc: string;
  /** `host:port` of the reply line. */
  readonly internal: string;
  /** `http://127.0.0.1:…` of metrics and health. */
  readonly operations: string;
}

/** Settings of a process; whatever else the environment says about Chorus is left out. */
export type ChorusSettings = Readonly<Record<string, string>>;

// From the sources and from the build alike, the build is what runs.
const here = fileURLToPath(new URL('.', import.meta.url));
const root = here.includes(join('dist', 'test')) ? join(here, '../../..') : join(here, '../..');

/**
 * Starts one process and waits for its start-up line; free ports unless the settings name some, and
 * the same ones whenever it is started again.
 */
export async function startChorus(settings: ChorusSettings): Promise<ChorusProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'chorus-'));
  const env = { ...plainEnvironment(), ...freePorts, DATA_DIR: join(folder, 'data'), ...settings };
  const server = await ServerProcess.start({
    name: `Chorus (${settings['ROLES'] ?? 'all roles'})`,
    address: '',
    command: process.execPath,
    args: ['--enable-source-maps', join(root, 'dist/main.js')],
    folder,
    readyLine: /^Chorus plays /,
    endSignal: 'SIGTERM',
    env,
  });
  const addressOf = (name: string): string =>
    new RegExp(`[ ,]${name} ([^,\\s]+)`).exec(server.readyText)?.[1] ?? '';
  const addresses = {
    http: addressOf('http'),
    grpc: addressOf('grpc'),
    internal: addressOf('internal'),
    operations: addressOf('operations'),
  };
  // A port that is chosen anew at each start would hide a process that came back.
  for (const [name, address] of Object.entries(addresses)) {
    const port = /:(\d+)$/.exec(address)?.[1];
    if (port !== undefined) Object.assign(env, { [`${name.toUpperCase()}_PORT`]: port });
  }
  return { process: server, ...addresses };
}

const freePorts = { HTTP_PORT: '0', GRPC_PORT: '0', OPERATIONS_PORT: '0', INTERNAL_PORT: '0' };

/** What a program needs to run at all; settings that somebody exported stay out of tests and demos. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, LANG } = process.env;
  return Object.fromEntries(
    Object.entries({ PATH, HOME, TMPDIR, LANG }).filter(([, value]) => value !== undefined),
  );
}
