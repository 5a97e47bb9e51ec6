import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ChorusError } from '../../domain/errors.ts';
import { type KernelOutcome } from './kernel-thread.ts';
import { type KernelCall, type KernelWork, runKernel } from './kernels.ts';

/** How a kernel's rows are shared out. */
export interface Share {
  /** Rows of the result. */
  readonly rows: number;
  /** Rows that a thread takes at a time. */
  readonly chunk: number;
  /** Told the rows done after each chunk. */
  readonly onRows?: (rows: number) => void;
}

/** Runs the heavy loops of training on all cores. */
export class KernelThreads {
  readonly #threads: readonly Worker[];
  readonly #ended = new AbortController();

  /** @param count threads; 0 computes in this one (for tests and tiny data). */
  constructor(count: number) {
    // tsc turns .ts into .js but leaves the URL alone, so it takes this file's own extension.
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
    const entry = new URL(`./kernel-thread${extension}`, import.meta.url);
    this.#threads = Array.from({ length: count }, () => {
      const thread = new Worker(entry);
      thread.once('exit', () => this.#ended.abort(new ChorusError('cancelled', 'training ended')));
      return thread;
    });
  }

  /**
   * Computes all rows and resolves when the last is done.
   * @param work its arrays must be shared ones, else the threads fill copies.
   * @throws ChorusError `internal` when a kernel fails.
   */
  async run(work: KernelWork, { rows, chunk, onRows }: Share): Promise<void> {
    let next = 0;
    const take = (): KernelCall | undefined => {
      if (next >= rows) return undefined;
      const from = next;
      next = Math.min(rows, from + chunk);
      return { ...work, from, to: next };
    };
    const inThreads = this.#threads.map((thread) => runKernelIn(thread, this.#ended.signal));
    const runs = inThreads.length === 0 ? [runKernelHere] : inThreads;
    await Promise.all(
      runs.map(async (run) => {
        for (let call = take(); call !== undefined; call = take()) {
          // One chunk after another is the point: the thread is busy with the first.
          // oxlint-disable-next-line no-await-in-loop
          await run(call);
          onRows?.(call.to - call.from);
        }
      }),
    );
  }

  /** Ends the threads; a call in flight rejects with `cancelled`. Harmless twice. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }
}

type Run = (call: KernelCall) => Promise<void>;

const runKernelHere: Run = async (call) => await runKernel(call);

function runKernelIn(thread: Worker, ended: AbortSignal): Run {
  return async (call) => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    thread.postMessage(call);
    // `once` rejects on 'error' too, and the signal covers an exit: a dead thread cannot hang us.
    const [outcome]: KernelOutcome[] = await once(thread, 'message', { signal: ended });
    if (outcome?.failure !== undefined) {
      throw new ChorusError('internal', `training kernel ${call.name}: ${outcome.failure}`);
    }
  };
}
