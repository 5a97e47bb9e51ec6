import { connect, createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { ChorusProcess } from './chorus-process.ts';

const running: ChorusProcess[] = [];

function chorus(environment: Readonly<Record<string, string>> = {}): ChorusProcess {
  const started = new ChorusProcess(environment);
  running.push(started);
  return started;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((started) => started.clear()));
});

describe('a bad setting stops the start with exit code 78 and its name', () => {
  test.each([
    [{ HTTP_PORT: '80a' }, 'HTTP_PORT'],
    [{ AGGREGATOR: '127.0.0.1:8003' }, 'AGGREGATOR'],
    [{ ROLES: 'gateway' }, 'KAFKA_BROKERS'],
    [{ DATABASE_URL: 'mysql://chorus:hunter2@db/chorus' }, 'DATABASE_URL'],
  ])('%j', async (environment, name) => {
    const process = chorus(environment);
    expect(await process.exited()).toBe(78);
    expect(process.events('process.start-failed')).toMatchObject([
      { level: 60, code: 'bad_setting', setting: name },
    ]);
    expect(process.stderr).toMatch(new RegExp(`^Chorus cannot start: ${name} `, 'm'));
    expect(process.stderr).not.toContain('hunter2');
    expect(process.stdout).toBe('');
  });
});

test('a process says where it is, answers for its health and ends on SIGTERM', async () => {
  const process = chorus();
  const http = await process.address('http');
  const operations = await process.address('operations');
  expect(process.stdout.trim().split('\n')).toEqual([
    expect.stringMatching(/^Chorus plays /),
    `Try: curl '${http}/v1/recommend/user-0001?top_n=5'`,
  ]);

  await expectHealthy(http);
  await expectHealthy(operations);
  const metrics = await get(`${operations}/metrics`);
  expect(metrics.status).toBe(200);
  expect(metrics.body).toContain('# TYPE moe_requests_total counter');
  expect(await get(`${http}/metrics`)).toMatchObject({ status: 404 });

  process.signal('SIGTERM');
  expect(await process.exited()).toBe(0);
  expect(process.events('process.stopped')).toMatchObject([{ code: 0 }]);
});

test('a second signal while it ends changes nothing', async () => {
  const process = chorus();
  await process.address('http');
  process.signal('SIGINT');
  process.signal('SIGINT');
  process.signal('SIGTERM');
  expect(await process.exited()).toBe(0);
  expect(process.events('process.stopping')).toHaveLength(1);
});

test('an idle connection does not hold up the end', async () => {
  const process = chorus();
  const { hostname, port } = new URL(await process.address('http'));
  const idle = connect(Number(port), hostname);
  await expect.poll(() => idle.readyState).toBe('open');
  process.signal('SIGTERM');
  expect(await process.exited()).toBe(0);
  idle.destroy();
});

test('a data directory has one owner at a time', async () => {
  const first = chorus();
  await first.address('http');
  const second = chorus({ DATA_DIR: first.dataDir });
  expect(await second.exited()).toBe(1);
  expect(second.events('process.start-failed')).toMatchObject([{ code: 'data_dir_in_use' }]);
  expect(second.stderr).toContain(first.dataDir);
});

test('a port that is taken is named', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await expect.poll(() => other.listening).toBe(true);
  const port = portOf(other.address());
  const process = chorus({ OPERATIONS_PORT: String(port) });
  expect(await process.exited()).toBe(1);
  expect(process.stderr).toMatch(`OPERATIONS_PORT: cannot listen on 127.0.0.1:${port}`);
  other.close();
});

describe('a server that is away', () => {
  // Port 9 is "discard": nothing listens there.
  test.each([
    ['Kafka', { KAFKA_BROKERS: '127.0.0.1:9' }],
    ['PostgreSQL', { DATABASE_URL: 'postgres://chorus:hunter2@127.0.0.1:9/chorus' }],
    ['Redis', { REDIS_URL: 'redis://:hunter2@127.0.0.1:9' }],
  ])('%s: named, alive, not ready, and SIGTERM ends the wait', async (name, environment) => {
    const process = chorus(environment);
    expect(await process.logged('server.waiting')).toMatchObject({
      msg: expect.stringContaining(`${name} at 127.0.0.1:9`),
    });
    const operations = String((await process.logged('operations.listening'))['address']);
    expect(await get(`${operations}/health/live`)).toMatchObject({ status: 200 });
    expect(await get(`${operations}/health/ready`)).toMatchObject({
      status: 503,
      body: { ready: false, checks: { started: false } },
    });
    process.signal('SIGTERM');
    expect(await process.exited()).toBe(0);
    expect(process.stderr).not.toContain('hunter2');
    expect(process.stdout).toBe('');
  });
});

async function expectHealthy(base: string): Promise<void> {
  expect(await get(`${base}/health/live`)).toMatchObject({ status: 200 });
  expect(await get(`${base}/health/ready`)).toMatchObject({
    status: 200,
    body: { ready: true, checks: { started: true, event_log: true, bundle_loaded: true } },
  });
  expect(await get(`${base}/health`)).toMatchObject({
    status: 200,
    body: {
      status: 'healthy',
      models_loaded: true,
      cuda_available: false,
      device: 'cpu',
      roles: ['aggregator', 'worker', 'trainer', 'gateway'],
    },
  });
}

async function get(url: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}
