import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { Session } from 'node:inspector/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';
import type { LoopDelay } from './probe.ts';

// Loaded into a measured process by `--import`, before its own code: looks at the main thread over
// a window, not over the life of the process.

type DelayHistogram = ReturnType<typeof monitorEventLoopDelay>;

const resolutionMs = 5;
const profileIntervalUs = 200;

// Threads inherit the option.
if (isMainThread) listen(Number(process.env['BENCH_PROBE_PORT']));

function listen(port: number): void {
  const session = new Session();
  let histogram: DelayHistogram | undefined;
  const answers: Readonly<Record<string, (file: string) => Promise<unknown>>> = {
    '/profile/start': async () => {
      session.connect();
      await session.post('Profiler.enable');
      await session.post('Profiler.setSamplingInterval', { interval: profileIntervalUs });
      await session.post('Profiler.start');
    },
    '/profile/stop': async (file) => {
      const { profile } = await session.post('Profiler.stop');
      session.disconnect();
      await writeFile(file, JSON.stringify(profile));
    },
    '/loop-delay/start': async () => {
      histogram = monitorEventLoopDelay({ resolution: resolutionMs });
      histogram.enable();
    },
    '/loop-delay/stop': async () => {
      histogram?.disable();
      return histogram === undefined ? undefined : delayOf(histogram);
    },
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://probe');
    const answer = answers[pathname] ?? (() => Promise.reject(new Error(`no ${pathname}`)));
    answer(searchParams.get('file') ?? '').then(
      (result) => response.end(JSON.stringify(result ?? {})),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(port, '127.0.0.1').unref();
}

/** The histogram holds the time between two turns of a timer, its own period included. */
function delayOf(histogram: DelayHistogram): LoopDelay {
  const ms = (percent: number): number =>
    Math.max(0, histogram.percentile(percent) / 1e6 - resolutionMs);
  return { delayP50Ms: ms(50), delayP99Ms: ms(99), delayP999Ms: ms(99.9) };
}
