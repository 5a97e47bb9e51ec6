import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { inject, vi } from 'vitest';
import { root } from '../structure/source-files.ts';

/** One JSON line of the log. */
export type LogLine = Readonly<Record<string, unknown>>;

/**
 * Chorus as a child process that may fail to start: `dist/main.js` on free ports, with the small
 * bundle and a data directory of its own.
 */
export class ChorusProcess {
  readonly dataDir: string;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #exited: Promise<number | null>;
  #stdout = '';
  #stderr = '';

  constructor(environment: Readonly<Record<string, string>> = {}) {
    this.dataDir = mkdtempSync(join(tmpdir(), 'chorus-e2e-'));
    this.#child = spawn(process.execPath, [join(root, 'dist/main.js')], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        HTTP_PORT: '0',
        GRPC_PORT: '0',
        OPERATIONS_PORT: '0',
        INTERNAL_PORT: '0',
        DATA_DIR: this.dataDir,
        MODELS_DIR: inject('modelsDir'),
        ...environment,
      },
    });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.#exited = once(this.#child, 'close').then(() => {
      rmSync(this.dataDir, { recursive: true, force: true });
      return this.#child.exitCode;
    });
  }

  /** What it said to people. */
  get stdout(): string {
    return this.#stdout;
  }

  /** All that it said beside. */
  get stderr(): string {
    return this.#stderr;
  }

  /** The JSON lines of its log with this event. */
  events(event: string): readonly LogLine[] {
    const lines = this.#stderr.split('\n').filter((line) => line.startsWith('{'));
    return lines.flatMap((line) => {
      const parsed: LogLine = JSON.parse(line);
      return parsed['event'] === event ? [parsed] : [];
    });
  }

  /** Waits until the log has this event. */
  async logged(event: string): Promise<LogLine> {
    return this.#until(() => this.events(event)[0]);
  }

  /** Waits for the start-up line; the address of `surface` in it, as `http://127.0.0.1:8000`. */
  async address(surface: 'http' | 'operations'): Promise<string> {
    const pattern = new RegExp(`^Chorus plays .*${surface} (http://[^,\\s]+).*\n`);
    return this.#until(() => pattern.exec(this.#stdout)?.[1]);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Its exit code. */
  exited(): Promise<number | null> {
    return this.#exited;
  }

  /** Makes sure that nothing is left of it. */
  async clear(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** A process that died will never say what we wait for: fails with what it said instead. */
  async #until<Value>(read: () => Value | undefined): Promise<Value> {
    let value: Value | undefined;
    const isOver = (): boolean => {
      value = read();
      return value !== undefined || this.#child.exitCode !== null;
    };
    await vi.waitUntil(isOver, { timeout: 60_000, interval: 20 });
    if (value === undefined) throw new Error(`Chorus ended: ${this.#stderr}`);
    return value;
  }
}
