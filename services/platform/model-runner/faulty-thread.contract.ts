import { parentPort } from 'node:worker_threads';
import type { ThreadMessage } from './model-thread-messages.ts';
import { unpackRuns } from './run-packets.ts';

// A model thread for tests, that dies when it is asked for an item of -1 and hangs at one of -2.
parentPort?.on('message', (message: ThreadMessage) => {
  if (!(message instanceof ArrayBuffer)) return;
  for (const { inputs } of unpackRuns(message)) {
    const item = inputs[0]?.data.at(0);
    if (item === 0xff) throw new Error('the thread was told to die');
    if (item === 0xfe) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
});

await import('./onnx-thread.ts');
