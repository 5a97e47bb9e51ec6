import { parentPort } from 'node:worker_threads';
import { env } from 'onnxruntime-node';
import { RealClock } from '../clock/real-clock.ts';
import type { ThreadMessage, ThreadReply, ThreadRequest } from './model-thread-messages.ts';
import { openOnnxSession } from './onnx-session.ts';
import { ThreadModels } from './thread-models.ts';
import { buffersOf } from './transferable.ts';

// The script of a model thread: takes requests in order, one at a time.

/** A reply waits no longer than this for those behind it: a message costs about 15 µs of CPU. */
const maxReplyWaitUs = 200;

// Failures travel back as replies; onnxruntime would print each one to stderr as well.
env.logLevel = 'fatal';

if (parentPort === null) throw new Error('this file is the script of a worker thread');
const port = parentPort;
const clock = new RealClock();
const models = new ThreadModels(clock, openOnnxSession);
const queue: ThreadRequest[] = [];
let working = false;
let ending = false;

port.on('message', (message: ThreadMessage) => {
  if (message === 'end') ending = true;
  else queue.push(...message);
  if (!working) void work();
});

async function work(): Promise<void> {
  working = true;
  let replies: ThreadReply[] = [];
  let sentUs = clock.monotonicUs();
  for (let request = queue.shift(); request !== undefined; request = queue.shift()) {
    // One after another: a session must not be released under its run.
    // oxlint-disable-next-line no-await-in-loop
    replies.push(await models.answer(request));
    const nowUs = clock.monotonicUs();
    if (queue.length === 0 || nowUs - sentUs > maxReplyWaitUs) {
      send(replies);
      replies = [];
      sentUs = nowUs;
    }
  }
  working = false;
  if (!ending) return;
  await models.releaseAll();
  port.close();
}

function send(replies: readonly ThreadReply[]): void {
  const tensors = replies.flatMap((reply) => (reply.kind === 'ran' ? reply.outputs : []));
  port.postMessage(replies, buffersOf(tensors));
}
