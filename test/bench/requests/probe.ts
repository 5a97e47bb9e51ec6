import { freePort } from '../../servers/free-port.ts';

/** How late the timers of a main thread were: time that any of its callers waited too. */
export interface LoopDelay {
  readonly delayP50Ms: number;
  readonly delayP99Ms: number;
  readonly delayP999Ms: number;
}

/** A handle on the code that the bench loads into a measured process. */
export class Probe {
  readonly #port: number;

  private constructor(port: number) {
    this.#port = port;
  }

  /** Picks a port; the process that is to be measured must be given `settings`. */
  static async make(): Promise<Probe> {
    return new Probe(await freePort());
  }

  /** Environment of the process. */
  get settings(): Readonly<Record<string, string>> {
    const file = new URL('probe-process.ts', import.meta.url);
    return { NODE_OPTIONS: `--import ${file.href}`, BENCH_PROBE_PORT: `${this.#port}` };
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
