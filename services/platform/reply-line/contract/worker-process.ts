import { spawn } from 'node:child_process';
import { once } from 'node:events';

const here = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);

// A worker that answers nothing in particular, all the time.
const program = (port: number): string => `
  import { RealClock } from ${here('../../clock/real-clock.ts')};
  import { RealRandom } from ${here('../../random/real-random.ts')};
  import { GrpcWorkerLine } from ${here('../grpc-worker-line.ts')};
  const clock = new RealClock();
  const options = { workerId: 'child', aggregators: '127.0.0.1:${port}' };
  const line = new GrpcWorkerLine(options, clock, new RealRandom());
  let waiting = '';
  await line.open({
    onCancel: (aggregatorId) => { waiting = aggregatorId; },
    onAggregatorGone: () => { waiting = ''; },
  });
  line.announce({
    workerId: 'child', slot: 0, experts: [], readyBundles: [],
    load: { inFlight: 0, queued: 0, capacity: 1 },
  });
  const reply = (count) => ({
    requestId: 'r' + count, attempt: 0, expert: '1', delivery: 1, mixture: 'recommender',
    bundle: 'v1', workerId: 'child', tensors: [], textDelta: '', last: true,
    timings: { queueUs: 0, runUs: 0, batchRows: 1 },
  });
  for (let count = 0; ; count += 1) {
    if (waiting !== '') line.send(waiting, reply(count));
    await clock.sleep(10);
  }
`;

/** A worker of its own process, for tests that stop and kill it. */
export interface WorkerProcess {
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  /** Ends it, stopped or not. */
  kill(): Promise<void>;
}

/** Starts a worker `child`; it replies to the aggregator that first cancels something. */
export function startWorkerProcess(port: number): WorkerProcess {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program(port)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return {
    signal: (name) => void child.kill(name),
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
