import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { findExecutable } from '../servers/find-executable.ts';
import { root } from './source-files.ts';

const compose = findExecutable('docker-compose');
const run = promisify(execFile);

describe.skipIf(compose === undefined)(
  `docker-compose.yml${compose === undefined ? ' (skipped: no docker-compose here)' : ''}`,
  () => {
    test('is accepted, and starts one gateway, one aggregator and two workers in slots of their own', async () => {
      const { stdout } = await run(compose ?? '', [
        '-f',
        join(root, 'docker-compose.yml'),
        'config',
      ]);
      for (const service of ['gateway', 'aggregator', 'kafka', 'postgres', 'redis']) {
        expect(stdout).toMatch(new RegExp(`^  ${service}:$`, 'm'));
      }
      const slots = [...stdout.matchAll(/WORKER_SLOT: '(\d+)'/g)].map(([, slot]) => slot);
      expect(slots.toSorted((a = '', b = '') => a.localeCompare(b))).toEqual(['0', '1']);
    });

    test('every service says when it is well', async () => {
      const { stdout } = await run(compose ?? '', [
        '-f',
        join(root, 'docker-compose.yml'),
        'config',
      ]);
      const services = stdout.split(/^services:$/m)[1]?.split(/^(?=\S)/m)[0] ?? '';
      const blocks = services.split(/^(?= {2}\S)/m).filter((block) => block.trim() !== '');
      expect(blocks).toHaveLength(7);
      expect(blocks.filter((block) => !block.includes('healthcheck:'))).toEqual([]);
    });
  },
);
