import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { Session } from 'node:inspector/promises';
import { isMainThread } from 'node:worker_threads';

// Loaded into a measured process by `--import`, before its own code: takes a profile of the main
// thread over a window, not over the life of the process.

if (isMainThread) listen(Number(process.env['BENCH_PROBE_PORT']));

function listen(port: number): void {
  const session = new Session();
  const answers: Readonly<Record<string, (file: string) => Promise<void>>> = {
    '/profile/start': async () => {
      session.connect();
      await session.post('Profiler.enable');
      await session.post('Profiler.setSamplingInterval', { interval: 200 });
      await session.post('Profiler.start');
    },
    '/profile/stop': async (file) => {
      const { profile } = await session.post('Profiler.stop');
      session.disconnect();
      await writeFile(file, JSON.stringify(profile));
    },
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://probe');
    const answer = answers[pathname] ?? (() => Promise.reject(new Error(`no ${pathname}`)));
    answer(searchParams.get('file') ?? '').then(
      () => response.end(),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(port, '127.0.0.1').unref();
}
