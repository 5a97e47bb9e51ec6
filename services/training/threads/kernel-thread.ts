import { parentPort } from 'node:worker_threads';
import { type KernelCall, runKernel } from './kernels.ts';

/** What a thread says when a call is over. */
export interface KernelOutcome {
  /** Why it failed; absent when it did not. */
  readonly failure?: string;
}

// The next call comes when this one's outcome is out: no two run at once. What runs when the end is
// asked for goes on until it is done, and the thread ends after it.
parentPort?.on('message', (asked: KernelCall | 'end') => {
  if (asked === 'end') parentPort?.close();
  else void answer(asked);
});

async function answer(call: KernelCall): Promise<void> {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(await outcomeOf(call));
}

async function outcomeOf(call: KernelCall): Promise<KernelOutcome> {
  try {
    await runKernel(call);
    return {};
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}
