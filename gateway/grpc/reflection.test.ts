import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client, credentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { service as health } from 'grpc-health-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FrontDoor } from '../front-door.contract.ts';
import type { GrpcServer } from './grpc-server.ts';

/** Everything that callers find on the public port. */
const served = [
  'chorus.v1.Items',
  'chorus.v1.Recommender',
  'chorus.v1.Users',
  'grpc.health.v1.Health',
];
const protos = fileURLToPath(
  new URL('../proto/', import.meta.resolve('@grpc/reflection/build/src/index.js')),
);
let grpc: GrpcServer;
let client: Client;

beforeAll(async () => {
  grpc = new FrontDoor().grpc();
  const port = await grpc.listen('127.0.0.1', 0);
  client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await grpc.close();
});

// Older clients ask the alpha version of the service.
describe.each(['v1', 'v1alpha'])('reflection %s', (version) => {
  test('lists every service of the port and no other', async () => {
    const { list_services_response: list } = await reflect(version, { list_services: '*' });
    expect(list?.service.map(({ name }) => name).toSorted()).toEqual(served);
  });

  test.each(served)('describes %s, so that a client needs no .proto file', async (symbol) => {
    const reply = await reflect(version, { file_containing_symbol: symbol });
    const file = reply.file_descriptor_response?.file_descriptor_proto ?? [];
    const name = symbol.slice(symbol.lastIndexOf('.') + 1);
    expect(file.some((bytes) => bytes.includes(name))).toBe(true);
  });

  test('says that it does not know a service that nobody serves', async () => {
    const reply = await reflect(version, { file_containing_symbol: 'chorus.v1.Jobs' });
    expect(reply.error_response?.error_code).toBe(5);
  });
});

test('health answers beside it', async () => {
  const { Check: check } = health;
  if (check === undefined) throw new Error('the health service has no check');
  const status = await new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      check.path,
      check.requestSerialize,
      check.responseDeserialize,
      { service: 'chorus.v1.Recommender' },
      (error, reply) => (error ? reject(error) : resolve(reply)),
    );
  });
  expect(status).toEqual({ status: 'SERVING' });
});

interface Reflected {
  readonly list_services_response?: { readonly service: readonly { readonly name: string }[] };
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Buffer[] };
  readonly error_response?: { readonly error_code: number };
}

async function reflect(version: string, request: object): Promise<Reflected> {
  const loaded = loadSync(`grpc/reflection/${version}/reflection.proto`, {
    includeDirs: [protos],
    keepCase: true,
    oneofs: true,
  });
  const service = loaded[`grpc.reflection.${version}.ServerReflection`];
  const method = service && 'ServerReflectionInfo' in service && service['ServerReflectionInfo'];
  if (!method || !('path' in method)) throw new Error(`no reflection ${version}`);
  const stream = client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
  );
  stream.end(request);
  const [reply] = await once(stream, 'data');
  const reflected: Reflected = reply;
  return reflected;
}
