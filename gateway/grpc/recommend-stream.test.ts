import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { chorus } from '../../proto/generated/public.js';
import { FrontDoor } from '../front-door.contract.ts';
import type { GrpcServer } from './grpc-server.ts';
import { serviceDefinition } from './service-definitions.ts';

type Reply = chorus.v1.RecommendResponse;

const method = serviceDefinition('chorus.v1.Recommender')['RecommendStream'];
const undecodable = Buffer.from('ffffffff', 'hex');
const door = new FrontDoor();
let grpc: GrpcServer;
let client: Client;

beforeAll(async () => {
  grpc = door.grpc();
  const port = await grpc.listen('127.0.0.1', 0);
  client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await grpc.close();
});

test('each request of a stream gets its answer, and the stream ends after the last one', async () => {
  const ids = Array.from({ length: 200 }, (_, index) => `r${index}`);
  const { replies } = await talk(ids.map((id) => asked({ request_id: id, user_id: 'u' })));
  expect(replies.map(({ request_id }) => request_id).toSorted()).toEqual(ids.toSorted());
  expect(replies.every(({ error }) => !error)).toBe(true);
});

test('a bad request is refused by name, and the others are answered', async () => {
  const { replies, failure } = await talk([
    asked({ request_id: 'a', user_id: 'u' }),
    asked({ request_id: 'b', user_id: 'u', top_n: 0 }),
    undecodable,
    asked({ request_id: 'c', user_id: 'u' }),
  ]);
  expect(failure).toBeUndefined();
  const outcomes = replies.map(({ request_id, error }) => [request_id, error?.code, error?.field]);
  expect(outcomes).toHaveLength(4);
  expect(outcomes).toEqual(
    expect.arrayContaining([
      ['a', undefined, undefined],
      ['b', 'invalid_argument', 'top_n'],
      ['', 'invalid_argument', ''],
      ['c', undefined, undefined],
    ]),
  );
  const words = replies.map(({ error }) => error?.message ?? '').join();
  expect(words).toContain('do not decode');
});

test('a message over 1 MB ends its stream with RESOURCE_EXHAUSTED', async () => {
  const { failure } = await talk([Buffer.alloc(1024 * 1024 + 1)]);
  expect(failure?.code).toBe(status.RESOURCE_EXHAUSTED);
});

function asked(request: object): Buffer {
  return method?.requestSerialize(request) ?? Buffer.alloc(0);
}

/** Says all this in one stream, and hears everything until its end. */
async function talk(
  messages: readonly Buffer[],
): Promise<{ replies: readonly Reply[]; failure: ServiceError | undefined }> {
  const replies: Reply[] = [];
  const stream = client.makeBidiStreamRequest(
    '/chorus.v1.Recommender/RecommendStream',
    (bytes: Buffer) => bytes,
    (bytes: Buffer): Reply => method?.responseDeserialize(bytes),
  );
  stream.on('data', (reply: Reply) => replies.push(reply));
  for (const message of messages) stream.write(message);
  stream.end();
  const failure = await new Promise<ServiceError | undefined>((resolve) => {
    stream.on('error', resolve);
    stream.on('end', () => resolve(undefined));
  });
  return { replies, failure };
}
