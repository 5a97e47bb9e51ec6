import { connect } from 'node:net';
import { Counter, Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RealClock } from '../clock/real-clock.ts';
import { Health } from './health.ts';
import { OperationsServer } from './operations-server.ts';
import { Readiness } from './readiness.ts';

let readiness: Readiness;
let registry: Registry;
let server: OperationsServer;
let address: string;

beforeEach(async () => {
  readiness = new Readiness(new RealClock());
  registry = new Registry();
  server = new OperationsServer(new Health(readiness, ['worker']), registry);
  address = await server.listen('127.0.0.1', 0);
});
afterEach(() => server.close());

test('health in the words of text clients, with the roles and every check', async () => {
  readiness.check('bundle_loaded', () => true);
  const reply = await fetch(`${address}/health`);
  expect(reply.status).toBe(200);
  expect(await reply.json()).toEqual({
    status: 'healthy',
    models_loaded: true,
    cuda_available: false,
    device: 'cpu',
    roles: ['worker'],
    checks: { bundle_loaded: true },
  });
});

test('unready is 503 by name while live stays 200', async () => {
  readiness.check('records', () => false);
  const ready = await fetch(`${address}/health/ready`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({ ready: false, checks: { records: false } });
  expect((await fetch(`${address}/health`)).status).toBe(503);
  expect((await fetch(`${address}/health/live`)).status).toBe(200);
});

test('metrics in the form of Prometheus', async () => {
  new Counter({ name: 'moe_test_total', help: 'A test', registers: [registry] }).inc();
  const reply = await fetch(`${address}/metrics`);
  expect(reply.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  expect(await reply.text()).toContain('moe_test_total 1');
});

test('closing finishes what was asked and cuts those who only hold a line', async () => {
  const gate = Promise.withResolvers<boolean>();
  let isAsked = false;
  readiness.check('slow', () => {
    isAsked = true;
    return gate.promise;
  });
  const { hostname, port } = new URL(address);
  const silent = connect(Number(port), hostname);
  const halfway = connect(Number(port), hostname, () => halfway.write('GET /health HTTP/1.1\r\n'));
  await expect.poll(() => [silent.readyState, halfway.readyState]).toEqual(['open', 'open']);
  const asked = fetch(`${address}/health/ready`);
  await expect.poll(() => isAsked).toBe(true);
  const closed = server.close();
  gate.resolve(true);
  expect((await asked).status).toBe(200);
  await closed;
  await expect.poll(() => [silent.destroyed, halfway.destroyed]).toEqual([true, true]);
});

test('a port that is taken is named', async () => {
  const other = new OperationsServer(new Health(readiness, []), registry);
  const { port } = new URL(address);
  await expect(other.listen('127.0.0.1', Number(port))).rejects.toMatchObject({
    code: 'unavailable',
    field: 'OPERATIONS_PORT',
  });
  await other.close();
});
