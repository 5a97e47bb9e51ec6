import { spawn } from 'node:child_process';
import { once } from 'node:events';

const here = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);

// An aggregator that gives everybody the same answer at once.
const program = `
  import { RealClock } from ${here('../../clock/real-clock.ts')};
  import { RealRandom } from ${here('../../random/real-random.ts')};
  import { LoneAnswerDesk } from ${here('./lone-answer-desk.ts')};
  const answer = (requestId) => ({
    requestId, bundle: 'recommender/v1', userVersion: '', itemsVersion: '', items: [], experts: [], gates: [],
    timings: { totalUs: 0, lookupUs: 0, featuresUs: 0, routeUs: 0, expertsUs: 0, rankUs: 0 },
    degraded: false, cached: false, path: 'user', unknownCandidates: [],
  });
  const address = { host: '127.0.0.1', port: Number(process.argv.at(-1)) };
  const desk = new LoneAnswerDesk(address, new RealClock(), new RealRandom());
  await desk.open({ answer: async ({ request }) => answer(request.requestId) });
  console.log(desk.port);
`;

/** An aggregator in a process of its own, for tests that stop and kill it. */
export interface AggregatorProcess {
  readonly port: number;
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  /** Ends it, stopped or not. */
  kill(): Promise<void>;
}

/** Starts one and waits until it listens; on a free port unless told. */
export async function startAggregatorProcess(wanted = 0): Promise<AggregatorProcess> {
  const args = ['--input-type=module', '--eval', program, '--', String(wanted)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  const port = Number(/^\d+$/m.exec(String(line))?.[0]);
  return {
    port,
    signal: (name) => void child.kill(name),
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
