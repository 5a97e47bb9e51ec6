import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { readSettings, type Settings } from '../../services/platform/settings.ts';
import { findExecutable } from '../servers/find-executable.ts';
import { root } from './source-files.ts';

const compose = findExecutable('docker-compose');
const run = promisify(execFile);
const ours = ['gateway', 'aggregator', 'worker-0', 'worker-1'];

describe.skipIf(compose === undefined)(
  `docker-compose.yml${compose === undefined ? ' (skipped: no docker-compose here)' : ''}`,
  () => {
    /** What docker-compose makes of each service, as text. */
    let services: ReadonlyMap<string, string>;
    let dockerfile = '';

    beforeAll(async () => {
      const args = ['-f', join(root, 'docker-compose.yml'), 'config'];
      const { stdout } = await run(compose ?? '', args);
      const text = stdout.split(/^services:$/m)[1]?.split(/^(?=\S)/m)[0] ?? '';
      const blocks = text.split(/^(?= {2}\S)/m).filter((block) => block.trim() !== '');
      services = new Map(blocks.map((block) => [/^ {2}([^:]+):/.exec(block)?.[1] ?? '', block]));
      dockerfile = await readFile(join(root, 'Dockerfile'), 'utf8');
    });

    test('is accepted, and starts one gateway, one aggregator, two workers and their servers', () => {
      const servers = ['kafka', 'postgres', 'redis'];
      expect([...services.keys()].toSorted()).toEqual([...ours, ...servers].toSorted());
    });

    test('every service says when it is well', () => {
      for (const block of services.values()) expect(block).toContain('healthcheck:');
    });

    test('every process of ours has good settings, and each worker a slot of its own', () => {
      const settings = ours.map(settingsOf);
      expect(settings.map(({ roles }) => roles)).toEqual([
        ['gateway'],
        ['aggregator'],
        ['worker'],
        ['worker'],
      ]);
      expect(settings.slice(2).map(({ workerSlot }) => workerSlot)).toEqual([0, 1]);
    });

    test('the command that fills its records is in the image and finds records and cache', async () => {
      const readme = await readFile(join(root, 'README.md'), 'utf8');
      const [, service = '', script = ''] =
        /docker compose run --rm (\S+) node dist\/(\S+)\.js/.exec(readme) ?? [];
      expect(dockerfile).toContain('COPY --from=build /chorus/dist dist');
      expect(existsSync(join(root, `${script}.ts`))).toBe(true);
      const { databaseUrl, redisUrl, kafkaBrokers } = settingsOf(service);
      expect([databaseUrl, redisUrl, kafkaBrokers[0]]).not.toContain(undefined);
    });

    test('who dials the aggregator dials the port that it opens', () => {
      const { internalPort } = settingsOf('aggregator');
      for (const name of ['gateway', 'worker-0', 'worker-1']) {
        expect(settingsOf(name).aggregator).toEqual([`aggregator:${internalPort}`]);
      }
    });

    test('health is asked for where the process answers, within the time that it has to end', () => {
      for (const name of ours) {
        const block = services.get(name) ?? '';
        const { operationsPort } = settingsOf(name);
        expect(block).toContain(`http://127.0.0.1:${operationsPort}/health/ready`);
        // A process ends by itself within 25 s.
        expect(Number(/stop_grace_period: (\d+)s/.exec(block)?.[1])).toBeGreaterThan(25);
      }
    });

    test('the ports that callers use are published, exposed by the image and named in the README', async () => {
      const { httpPort, grpcPort, operationsPort, internalPort, bind } = settingsOf('gateway');
      const readme = await readFile(join(root, 'README.md'), 'utf8');
      const exposed = /^EXPOSE (.*)$/m.exec(dockerfile)?.[1]?.split(' ').map(Number);
      expect(exposed).toEqual([httpPort, grpcPort, operationsPort, internalPort]);
      for (const port of [httpPort, grpcPort, operationsPort]) {
        expect(services.get('gateway')).toContain(`127.0.0.1:${port}:${port}/tcp`);
        expect(readme).toMatch(new RegExp(`\\b${port}\\b`));
      }
      // Inside a container the loopback address is nobody else's.
      expect(bind).toBe('0.0.0.0');
    });

    /** As the process would read them: the image's, then the service's. */
    function settingsOf(name: string): Settings {
      const image = /^ENV (.*)$/m.exec(dockerfile)?.[1] ?? '';
      const own = /^ {4}environment:\n((?: {6}.*\n)*)/m.exec(services.get(name) ?? '')?.[1] ?? '';
      return readSettings({
        ...Object.fromEntries(image.split(' ').map((pair) => pair.split('='))),
        ...Object.fromEntries(
          [...own.matchAll(/^ {6}(\w+): '?(.*?)'?$/gm)].map(([, key, value]) => [key, value]),
        ),
      });
    }
  },
);
