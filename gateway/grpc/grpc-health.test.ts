import { Client, type ClientReadableStream, credentials, type ServiceError } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { afterEach, expect, test } from 'vitest';
import { FrontDoor } from '../front-door.contract.ts';
import type { GrpcServer } from './grpc-server.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map(async (close) => close()));
});

test('a check says what is true at that moment, for the port and for each service', async () => {
  const { door, client } = await open();
  let isReady = false;
  door.readiness.check('something', () => isReady);
  expect(await check(client, '')).toEqual({ status: 'NOT_SERVING' });
  isReady = true;
  await expect.poll(() => check(client, '')).toEqual({ status: 'SERVING' });
  expect(await check(client, 'chorus.v1.Recommender')).toEqual({ status: 'SERVING' });
  expect(await check(client, 'chorus.v1.Users')).toEqual({ status: 'SERVING' });
  await expect(check(client, 'chorus.v1.Nobody')).rejects.toMatchObject({ code: 5 });
});

test('a watcher is told of the end and does not hold it up', async () => {
  const { client, server } = await open();
  const method = service['Watch'];
  const watch: ClientReadableStream<object> = client.makeServerStreamRequest(
    method?.path ?? '',
    (message: object) => method?.requestSerialize(message) ?? Buffer.alloc(0),
    (bytes: Buffer): object => method?.responseDeserialize(bytes) ?? {},
    { service: '' },
  );
  const told: object[] = [];
  watch.on('data', (status: object) => told.push(status));
  await expect.poll(() => told.at(-1)).toEqual({ status: 'SERVING' });
  const ended = new Promise((resolve) => watch.on('end', resolve));
  await server.close();
  await ended;
  expect(told.at(-1)).toEqual({ status: 'NOT_SERVING' });
});

async function open(): Promise<{ door: FrontDoor; client: Client; server: GrpcServer }> {
  const door = new FrontDoor();
  const server = door.grpc();
  const port = await server.listen('127.0.0.1', 0);
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  closers.push(
    () => client.close(),
    () => server.close(),
  );
  return { door, client, server };
}

async function check(client: Client, name: string): Promise<object> {
  const method = service['Check'];
  return await new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method?.path ?? '',
      (message: object) => method?.requestSerialize(message) ?? Buffer.alloc(0),
      (bytes: Buffer): object => method?.responseDeserialize(bytes) ?? {},
      { service: name },
      (error: ServiceError | null, reply?: object) => {
        if (reply === undefined) reject(error ?? new Error('no reply'));
        else resolve(reply);
      },
    );
  });
}
