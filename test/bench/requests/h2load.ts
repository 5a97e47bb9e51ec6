import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { findExecutable } from '../../servers/find-executable.ts';
import { quantile } from '../ports/statistics.ts';
import type { LoadWindow } from './recommend-load.ts';

/** What this machine lacks for it, in words. */
export function whyNoH2load(): string | undefined {
  return findExecutable('h2load') === undefined
    ? 'no h2load on PATH (test/servers/install.sh installs it)'
    : undefined;
}

const unitUs: Readonly<Record<string, number>> = { us: 1, ms: 1e3, s: 1e6 };

/** What h2load is to do. */
export interface H2loadOrder {
  /** `http://host:port`. */
  readonly http: string;
  readonly paths: readonly string[];
  /** Connections with one request in flight each; a multiple of `processes`. */
  readonly clients: number;
  readonly requests: number;
}

/**
 * Every client of an h2load takes the list from its beginning: a window would see but the first few
 * hundred paths. With so many of them, each with a stretch of its own, it sees all.
 */
export const processes = 8;

/** Loads `GET` over HTTP/1.1 with h2load, which knows nothing of the answers but their status. */
export async function runH2load(order: H2loadOrder): Promise<LoadWindow> {
  const { paths, clients, requests } = order;
  const stretch = Math.ceil(paths.length / processes);
  const runs = await Promise.all(
    Array.from({ length: processes }, (_, index) =>
      runOne({
        ...order,
        paths: paths.slice(index * stretch, (index + 1) * stretch),
        clients: clients / processes,
        requests: Math.ceil(requests / processes),
      }),
    ),
  );
  const latenciesUs = runs.flatMap((run) => run.latenciesUs);
  return {
    answers: latenciesUs.length,
    wallUs: Math.max(...runs.map(({ wallUs }) => wallUs)),
    cpuUs: runs.reduce((sum, { cpuUs }) => sum + cpuUs, 0),
    p50Ms: quantile(latenciesUs, 0.5) / 1000,
    p99Ms: quantile(latenciesUs, 0.99) / 1000,
    meanExperts: Number.NaN,
    wrong: tally(runs.flatMap(({ refused }) => refused)),
  };
}

interface Run {
  readonly wallUs: number;
  readonly cpuUs: number;
  readonly latenciesUs: readonly number[];
  /** What came instead of an answer. */
  readonly refused: readonly string[];
}

async function runOne(order: H2loadOrder): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'chorus-h2load-'));
  try {
    const [list, log] = [join(folder, 'uris'), join(folder, 'log')];
    await writeFile(list, order.paths.map((path) => `${order.http}${path}\n`).join(''));
    const { clients, requests } = order;
    const load = `h2load -p http/1.1 -c ${clients} -n ${requests} -i ${list} --log-file=${log}`;
    // The shell says what its child has spent.
    const child = spawn('bash', ['-c', `${load}; times`], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    return runOf(said, await readFile(log, 'utf8'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** @param log a line for each request: start in µs, status, µs. */
function runOf(said: string, log: string): Run {
  const [, took = '', unit = ''] = /finished in ([\d.]+)(us|ms|s),/.exec(said) ?? [];
  if (took === '') throw new Error(`h2load did not say how long it took:\n${said}`);
  const lines = log
    .trim()
    .split('\n')
    .map((line) => line.split('\t'));
  return {
    wallUs: Number(took) * (unitUs[unit] ?? Number.NaN),
    cpuUs: childCpuUs(said),
    latenciesUs: lines.map(([, , latencyUs]) => Number(latencyUs)),
    refused: lines.flatMap(([, status = '']) => (status === '200' ? [] : [`status ${status}`])),
  };
}

function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

/** The second line of bash's `times`: user and system time of its children, `0m1.234s 0m0.567s`. */
function childCpuUs(said: string): number {
  const [line = ''] = said.trim().split('\n').slice(-1);
  const times = [...line.matchAll(/(\d+)m([\d.]+)s/g)];
  return times.reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60e6 + Number(seconds) * 1e6,
    0,
  );
}
