import { parentPort } from 'node:worker_threads';
import { type KernelCall, runKernel } from './kernels.ts';

/** What a thread says when a call is over. */
export interface KernelOutcome {
  /** Why it failed; absent when it did not. */
  readonly failure?: string;
}

parentPort?.on('message', (call: KernelCall) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(outcomeOf(call));
});

function outcomeOf(call: KernelCall): KernelOutcome {
  try {
    runKernel(call);
    return {};
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}
