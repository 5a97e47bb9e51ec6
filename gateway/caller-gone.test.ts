import 'reflect-metadata';
import { request as httpRequest } from 'node:http';
import { type Client, status } from '@grpc/grpc-js';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { RealClock } from '../services/platform/clock/real-clock.ts';
import { FrontDoor, type OpenDoor } from './front-door.contract.ts';
import { serviceDefinition } from './grpc/service-definitions.ts';

const clock = new RealClock();
const door = new FrontDoor();
const definition = serviceDefinition('chorus.v1.Recommender');
const bytes = definition['Recommend']?.requestSerialize({ user_id: 'u' }) ?? Buffer.alloc(0);
const asIs = (message: Buffer): Buffer => message;
let open: OpenDoor;
let http: NestFastifyApplication;
let client: Client;

beforeAll(async () => {
  open = await door.open();
  ({ http, client } = open);
  await http.listen(0, '127.0.0.1');
});
afterAll(() => open.close());
beforeEach(() => {
  door.listener.hangs = true;
  door.listener.asked.length = 0;
  door.listener.abandoned.length = 0;
});

test.each(['/v1/recommend/u', '/v1/recommend'])(
  'a connection that closes cancels the question of %s',
  async (path) => {
    const method = path.endsWith('u') ? 'GET' : 'POST';
    const headers = { 'content-type': 'application/json', 'x-request-timeout-ms': '60000' };
    const call = httpRequest(`${await http.getUrl()}${path}`, { method, headers });
    call.on('error', () => undefined);
    call.end(method === 'POST' ? '{"user_id":"u"}' : undefined);
    await expect.poll(() => door.listener.asked).toHaveLength(1);
    expect(door.listener.abandoned).toEqual([]);
    call.destroy();
    await expect.poll(() => door.listener.abandoned).toEqual(['cancelled']);
  },
);

test('a connection that stays open after its answer cancels nothing', async () => {
  door.listener.hangs = false;
  const response = await fetch(`${await http.getUrl()}/v1/recommend/u`);
  await response.text();
  expect(response.status).toBe(200);
  expect(door.listener.abandoned).toEqual([]);
});

test('a gRPC call that is cancelled cancels its question', async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const call = client.makeUnaryRequest(
    '/chorus.v1.Recommender/Recommend',
    asIs,
    asIs,
    bytes,
    { deadline: clock.nowMs() + 60_000 },
    resolve,
  );
  await expect.poll(() => door.listener.asked).toHaveLength(1);
  call.cancel();
  await expect.poll(() => door.listener.abandoned).toEqual(['cancelled']);
  expect(await promise).toMatchObject({ code: status.CANCELLED });
});

test('a gRPC call whose deadline is over is late, not cancelled', async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const options = { deadline: clock.nowMs() + 1000 };
  client.makeUnaryRequest('/chorus.v1.Recommender/Recommend', asIs, asIs, bytes, options, resolve);
  await expect.poll(() => door.listener.asked).toHaveLength(1);
  expect(await promise).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  await expect.poll(() => door.listener.abandoned).toEqual(['deadline_exceeded']);
});

test('a gRPC stream that is cancelled cancels all its questions', async () => {
  const call = client.makeBidiStreamRequest('/chorus.v1.Recommender/RecommendStream', asIs, asIs);
  call.on('error', () => undefined);
  for (let count = 0; count < 20; count += 1) call.write(bytes);
  await expect.poll(() => door.listener.asked).toHaveLength(20);
  call.cancel();
  await expect
    .poll(() => door.listener.abandoned)
    .toEqual(Array.from({ length: 20 }, () => 'cancelled'));
});

test('an HTTP call whose budget is over gets 504, and the work hears why', async () => {
  const url = `${await http.getUrl()}/v1/recommend/u`;
  const response = await fetch(url, { headers: { 'x-request-timeout-ms': '20' } });
  expect(response.status).toBe(504);
  expect(await response.json()).toMatchObject({ error: { code: 'deadline_exceeded' } });
  expect(door.listener.abandoned).toEqual(['deadline_exceeded']);
});
