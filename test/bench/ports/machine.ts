import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { RealClock } from '../../../services/platform/clock/real-clock.ts';

/** Where figures come from. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  /** File system that the durable figures were taken on. */
  readonly fileSystem: string;
  /** Cores that others kept busy in the second before the run. */
  readonly busyCores: number;
  /** By name: what the measurements run on. */
  readonly versions: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, '../../..');
const packages = [
  'kafkajs',
  '@grpc/grpc-js',
  'protobufjs',
  'ioredis',
  'lru-cache',
  'pg',
  'onnxruntime-node',
];

/** Looks at this machine, for a second. */
export async function describeMachine(): Promise<Machine> {
  const processors = cpus();
  return {
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    fileSystem: firstMatch(/^\S+\s+(\S+)\s+\d+\s/m, 'df', ['-PT', tmpdir()]) ?? '',
    busyCores: await busyCores(),
    versions: {
      Node: process.versions.node,
      SQLite: process.versions['sqlite'] ?? '',
      'Apache Kafka': kafkaVersion(),
      Java: firstMatch(/version "([^"]+)"/, 'java', ['-version']) ?? '',
      Redis: firstMatch(/v=(\S+)/, 'redis-server', ['--version']) ?? '',
      PostgreSQL: firstMatch(/PostgreSQL\) (\S+)/, newestInitdb(), ['--version']) ?? '',
      ...Object.fromEntries(packages.map((name) => [name, packageVersion(name)])),
    },
  };
}

function packageVersion(name: string): string {
  const text = readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8');
  const { version }: { version: string } = JSON.parse(text);
  return version;
}

function kafkaVersion(): string {
  const names = namesIn(join(root, 'test/servers/kafka/lib'));
  return names.map((name) => /^kafka_[\d.]+-(.+)\.jar$/.exec(name)?.[1]).find(Boolean) ?? '';
}

function newestInitdb(): string {
  const debian = '/usr/lib/postgresql';
  const [newest] = namesIn(debian).toSorted((left, right) => Number(right) - Number(left));
  return newest === undefined ? 'initdb' : join(debian, newest, 'bin/initdb');
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The first group of the pattern in what a program says; undefined where it is not installed. */
function firstMatch(pattern: RegExp, command: string, args: string[]): string | undefined {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return pattern.exec(`${stdout ?? ''}${stderr ?? ''}`)?.[1];
}

async function busyCores(): Promise<number> {
  const before = busyMs();
  const clock = new RealClock();
  const startUs = clock.monotonicUs();
  await clock.sleep(1000);
  return (1000 * (busyMs() - before)) / (clock.monotonicUs() - startUs);
}

function busyMs(): number {
  return cpus().reduce(
    (sum, { times }) => sum + times.user + times.nice + times.sys + times.irq,
    0,
  );
}
