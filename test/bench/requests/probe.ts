import { readFileSync } from 'node:fs';
import { freePort } from '../../servers/free-port.ts';

/** How late the timers of a main thread were: time that any of its callers waited too. */
export interface LoopDelay {
  readonly delayP50Ms: number;
  readonly delayP99Ms: number;
  readonly delayP999Ms: number;
}

const portVariable = 'BENCH_PROBE_PORT';

/** A handle on the code that the bench loads into a measured process. */
export class Probe {
  readonly #port: number;

  private constructor(port: number) {
    this.#port = port;
  }

  /** Environment of a process that is to be looked into, one for each process. */
  static async settings(): Promise<Readonly<Record<string, string>>> {
    const file = new URL('probe-process.ts', import.meta.url);
    return { NODE_OPTIONS: `--import ${file.href}`, [portVariable]: `${await freePort()}` };
  }

  /** The probe in a process that was given `settings`. */
  static of(pid: number): Probe {
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const port = environment.find((each) => each.startsWith(`${portVariable}=`))?.split('=')[1];
    if (port === undefined) throw new Error(`process ${pid} was started without a probe`);
    return new Probe(Number(port));
  }

  /** Begins a profile of the main thread. */
  async startProfile(): Promise<void> {
    await this.#ask('/profile/start');
  }

  /** Ends it. @param file absolute path that it is written to (`.cpuprofile`, for any DevTools). */
  async stopProfile(file: string): Promise<void> {
    await this.#ask(`/profile/stop?file=${encodeURIComponent(file)}`);
  }

  /** Begins to watch the main thread's event loop. */
  async startLoopDelay(): Promise<void> {
    await this.#ask('/loop-delay/start');
  }

  /** What it saw since. */
  async stopLoopDelay(): Promise<LoopDelay> {
    const delay: LoopDelay = JSON.parse(await this.#ask('/loop-delay/stop'));
    return delay;
  }

  async #ask(path: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`);
    const text = await response.text();
    if (!response.ok) throw new Error(`the probe failed: ${text}`);
    return text;
  }
}
