import { parentPort } from 'node:worker_threads';
import { env } from 'onnxruntime-node';
import { RealClock } from '../clock/real-clock.ts';
import type { ThreadMessage, ThreadReply, ThreadRequest } from './model-thread-messages.ts';
import { openOnnxSession } from './onnx-session.ts';
import { type PackedResult, type PackedRun, packResults, unpackRuns } from './run-packets.ts';
import { ThreadModels } from './thread-models.ts';

// The script of a model thread: takes requests in order, runs that follow each other together.

/** A result waits no longer than this for those behind it: a message costs about 15 µs of CPU. */
const maxResultWaitUs = 400;

// Failures travel back as replies; onnxruntime would print each one to stderr as well.
env.logLevel = 'fatal';

if (parentPort === null) throw new Error('this file is the script of a worker thread');
const port = parentPort;
const clock = new RealClock();
const models = new ThreadModels(clock, openOnnxSession);
let queue: (PackedRun | ThreadRequest)[] = [];
let results: PackedResult[] = [];
let sentUs = 0;
let working = false;
let ending = false;

port.on('message', (message: ThreadMessage) => {
  if (message === 'end') ending = true;
  else if (message instanceof ArrayBuffer) queue.push(...unpackRuns(message));
  else queue.push(message);
  if (!working) void work();
});

async function work(): Promise<void> {
  working = true;
  while (queue.length > 0) {
    const requests = queue;
    queue = [];
    // oxlint-disable-next-line no-await-in-loop -- a session must not be released under its run
    await workOn(requests);
  }
  working = false;
  if (!ending) return;
  await models.releaseAll();
  port.close();
}

/** Begins runs together: the engine computes each in a turn of its own, and a turn costs 5 µs. */
async function workOn(requests: readonly (PackedRun | ThreadRequest)[]): Promise<void> {
  sentUs = clock.monotonicUs();
  let running: Promise<void>[] = [];
  for (const request of requests) {
    if ('inputs' in request) {
      running.push(run(request));
      continue;
    }
    /* oxlint-disable no-await-in-loop -- what was asked before has ended then */
    await Promise.all(running);
    running = [];
    post(await models.answer(request));
    /* oxlint-enable no-await-in-loop */
  }
  await Promise.all(running);
  postResults();
}

async function run(request: PackedRun): Promise<void> {
  const result = await models.run(request);
  if (!('outputs' in result)) return post(result);
  results.push(result);
  if (clock.monotonicUs() - sentUs > maxResultWaitUs) postResults();
}

function postResults(): void {
  if (results.length === 0) return;
  const packet = packResults(results);
  results = [];
  sentUs = clock.monotonicUs();
  port.postMessage(packet, [packet]);
}

function post(reply: ThreadReply): void {
  port.postMessage(reply, []);
}
