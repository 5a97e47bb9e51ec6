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
  readonly #gone: readonly Promise<unknown>[];
  readonly #ended = new AbortController();

  /** @param count threads; 0 computes in this one (for tests and tiny data). */
  constructor(count: number) {
    // tsc turns .ts into .js but leaves the URL alone, so it takes this file's own extension.
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
    const entry = new URL(`./kernel-thread${extension}`, import.meta.url);
    this.#threads = Array.from({ length: count }, () => new Worker(entry));
    this.#gone = this.#threads.map(async (thread) => {
      await new Promise((resolve) => void thread.once('exit', resolve));
      this.#end();
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

  /**
   * Ends the threads: a run in flight rejects with `cancelled` at once, this resolves when the chunk
   * that each thread is at is done. A thread must end by itself: one that is terminated, or whose
   * process exits, inside ONNX Runtime aborts the process. Harmless twice.
   */
  async close(): Promise<void> {
    this.#end();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads, not windows
    for (const thread of this.#threads) thread.postMessage('end');
    await Promise.all(this.#gone);
  }

  #end(): void {
    this.#ended.abort(new ChorusError('cancelled', 'training ended'));
  }
}

type Run = (call: KernelCall) => Promise<void>;

const runKernelHere: Run = async (call) => await runKernel(call);

function runKernelIn(thread: Worker, ended: AbortSignal): Run {
  return async (call) => {
    ended.throwIfAborted();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    thread.postMessage(call);
    // `once` rejects on 'error' too, and the signal covers an exit: a dead thread cannot hang us.
    const [outcome]: KernelOutcome[] = await once(thread, 'message', { signal: ended });
    if (outcome?.failure !== undefined) {
      throw new ChorusError('internal', `training kernel ${call.name}: ${outcome.failure}`);
    }
  };
}
