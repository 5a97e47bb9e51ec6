import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { findExecutable } from './find-executable.ts';
import type { RunningServer } from './server-kind.ts';

/** How a server is run. */
export interface ServerCommand {
  readonly name: string;
  readonly address: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Its temporary folder: working directory and data, removed by `stop`. */
  readonly folder: string;
  /** The line of its output that says that it serves. */
  readonly readyLine: RegExp;
  /** Which signal ends it quickly without leaving children of its own behind. */
  readonly endSignal: 'SIGKILL' | 'SIGQUIT' | 'SIGTERM';
  /** Its environment; ours unless told. */
  readonly env?: NodeJS.ProcessEnv;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

const startDeadlineMs = 60_000;
const endDeadlineMs = 10_000;
const keptLogLines = 30;
const clock = new RealClock();

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** A server as a child process: started when its ready line appears, gone when we are gone. */
export class ServerProcess implements RunningServer {
  readonly address: string;
  readonly #command: ServerCommand;
  readonly #killWithUs = (): void => void this.#child?.kill('SIGKILL');
  #child: Child | undefined;
  #log: string[] = [];
  #readyText = '';

  private constructor(command: ServerCommand) {
    this.#command = command;
    this.address = command.address;
  }

  /** Starts it and waits until it is ready. */
  static async start(command: ServerCommand): Promise<ServerProcess> {
    const server = new ServerProcess(command);
    process.once('exit', server.#killWithUs);
    try {
      await server.#launch();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** The line with which it said that it serves. */
  get readyText(): string {
    return this.#readyText;
  }

  /** Its last lines of output. */
  get lastWords(): string {
    return this.#log.join('\n');
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.#end(this.#command.endSignal);
    await this.#launch();
  }

  pause(): void {
    this.#signalAll('SIGSTOP');
  }

  resume(): void {
    this.#signalAll('SIGCONT');
  }

  async stop(): Promise<void> {
    process.removeListener('exit', this.#killWithUs);
    await this.#end(this.#command.endSignal);
    await rm(this.#command.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #launch(): Promise<void> {
    const { command, args, folder, user, env = process.env } = this.#command;
    // Exit handlers do not run when we are killed ourselves; the kernel's parent-death signal does.
    const setpriv = findExecutable('setpriv');
    const tied = setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL'];
    const [file = command, ...rest] = [...tied, command, ...args];
    const child = spawn(file, rest, {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...user,
    });
    this.#child = child;
    this.#log = [];
    await this.#untilReady(child);
  }

  #untilReady(child: Child): Promise<void> {
    const { name, readyLine } = this.#command;
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        deadline.cancel();
        reject(new Error(`${name} ${why}. Its last words:\n${this.#log.join('\n')}`));
      };
      const deadline = clock.after(startDeadlineMs, () => {
        fail(`was not ready after ${startDeadlineMs / 1000} s`);
      });
      // Nobody waits for these once it is ready; a settled promise ignores them.
      child.once('error', (error) => fail(`could not be started: ${error.message}`));
      child.once('exit', (code, signal) => fail(`ended with ${signal ?? `code ${code}`}`));
      const read = (line: string): void => {
        this.#remember(line);
        if (!readyLine.test(line)) return;
        this.#readyText = line;
        deadline.cancel();
        resolve();
      };
      eachLine(child.stdout, read);
      eachLine(child.stderr, read);
    });
  }

  #remember(line: string): void {
    this.#log.push(line);
    if (this.#log.length > keptLogLines) this.#log.shift();
  }

  /** PostgreSQL answers from a process for each connection: stopping the first one alone changes nothing. */
  #signalAll(signal: NodeJS.Signals): void {
    if (this.pid === 0) return;
    const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8');
    for (const pid of [this.pid, ...children.split(' ').filter(Boolean).map(Number)]) {
      process.kill(pid, signal);
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    // A stopped process does not see any signal but this one until it goes on.
    child.kill('SIGCONT');
    const impatience = clock.after(endDeadlineMs, () => child.kill('SIGKILL'));
    await ended;
    impatience.cancel();
  }
}

function eachLine(stream: Readable, use: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) use(line);
  });
}
