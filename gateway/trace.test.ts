import 'reflect-metadata';
import { once } from 'node:events';
import { type Client, Metadata } from '@grpc/grpc-js';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FrontDoor, type OpenDoor } from './front-door.contract.ts';
import { serviceDefinition } from './grpc/service-definitions.ts';

const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const method = serviceDefinition('chorus.v1.Recommender')['Recommend'];
const bytes = method?.requestSerialize({ user_id: 'u' }) ?? Buffer.alloc(0);
const asIs = (message: Buffer): Buffer => message;
const door = new FrontDoor();
let open: OpenDoor;
let http: NestFastifyApplication;
let client: Client;

beforeAll(async () => {
  open = await door.open();
  ({ http, client } = open);
});
afterAll(() => open.close());

test('a request goes on under its caller’s trace, or under none', async () => {
  const url = '/v1/recommend/u';
  await http.inject({ method: 'GET', url, headers: { traceparent: trace } });
  await http.inject({ method: 'GET', url });
  expect(door.listener.traced.splice(0)).toEqual([trace, '']);

  const metadata = new Metadata();
  metadata.set('traceparent', trace);
  const path = '/chorus.v1.Recommender/Recommend';
  await new Promise<void>((resolve) => {
    client.makeUnaryRequest(path, asIs, asIs, bytes, metadata, () => resolve());
  });
  expect(door.listener.traced.splice(0)).toEqual([trace]);

  const stream = client.makeBidiStreamRequest(`${path}Stream`, asIs, asIs, metadata);
  stream.write(bytes);
  stream.end();
  await once(stream.resume(), 'end');
  expect(door.listener.traced).toEqual([trace]);
});
