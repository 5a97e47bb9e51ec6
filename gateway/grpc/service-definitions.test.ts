import {
  Client,
  type ClientDuplexStream,
  credentials,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { chorus } from '../../proto/generated/public.js';
import { ChorusError, errorTable } from '../../services/domain/errors.ts';
import {
  packageDefinition,
  type Received,
  received,
  serviceDefinition,
} from './service-definitions.ts';

type Request = Received<chorus.v1.RecommendRequest>;
type Response = chorus.v1.RecommendResponse.$Properties;

const path = '/chorus.v1.Recommender/Recommend';
const recommender = serviceDefinition('chorus.v1.Recommender');

const recommend: handleUnaryCall<Request, Response> = (call, callback) => {
  try {
    const { request_id, top_n } = received(call.request);
    const items = [{ item_id: `top ${top_n ?? 'absent'}`, score: 0.5 }];
    callback(null, { request_id, items });
  } catch (thrown) {
    const error = ChorusError.from(thrown);
    callback({ code: errorTable[error.code].grpc, details: error.message });
  }
};

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

describe('serviceDefinition', () => {
  it.each([
    [{ request_id: 'r1' }, 'top absent'],
    [{ request_id: 'r1', top_n: 0 }, 'top 0'],
  ])('carries %j to a handler and its answer back', async (request, itemId) => {
    const client = await connect(serveRecommender());
    const bytes = recommender['Recommend']?.requestSerialize(request);
    const answer = await callRecommend(client, bytes ?? Buffer.alloc(0));
    const response = recommender['Recommend']?.responseDeserialize(answer);
    expect(response).toMatchObject({ request_id: 'r1', items: [{ item_id: itemId, score: 0.5 }] });
  });

  it('gives undecodable bytes to the handler as a value, so that it can answer INVALID_ARGUMENT', async () => {
    const client = await connect(serveRecommender());
    const failure = await callRecommend(client, Buffer.from('ffffffff', 'hex')).catch(
      (error: ServiceError) => error,
    );
    expect(failure).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('do not decode as chorus.v1.RecommendRequest'),
    });
  });

  it.each([
    ['chorus.v1.Users', 2],
    ['chorus.v1.Items', 2],
    ['chorus.v1.Feedback', 2],
    ['chorus.v1.Jobs', 6],
    ['chorus.v1.Models', 5],
    ['chorus.v1.Text', 3],
    ['chorus.v1.Operations', 4],
    ['chorus.v1.Aggregator', 1],
  ] as const)('knows %s with its %i methods', (name, methods) => {
    expect(Object.keys(serviceDefinition(name))).toHaveLength(methods);
  });
});

describe('packageDefinition', () => {
  it('lets reflection list exactly the services it was given, and describe their messages', async () => {
    const services = ['chorus.v1.Recommender'] as const;
    const server = new Server();
    new ReflectionService(packageDefinition(services), { services: [...services] }).addToServer(
      server,
    );
    const client = await connect(server);
    expect(await reflect(client, { list_services: '' })).toMatchObject({
      list_services_response: { service: [{ name: 'chorus.v1.Recommender' }] },
    });
    expect(
      await reflect(client, { file_containing_symbol: 'chorus.v1.RecommendRequest' }),
    ).toMatchObject({ message_response: 'file_descriptor_response' });
  });
});

function serveRecommender(): Server {
  const server = new Server();
  server.addService(recommender, { Recommend: recommend });
  return server;
}

async function connect(server: Server): Promise<Client> {
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  closers.push(() => {
    client.close();
    server.forceShutdown();
  });
  return client;
}

function callRecommend(client: Client, request: Buffer): Promise<Buffer> {
  const asIs = (bytes: Buffer) => bytes;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, asIs, asIs, request, (error, bytes) =>
      error ? reject(error) : resolve(bytes ?? Buffer.alloc(0)),
    );
  });
}

function reflect(client: Client, request: object): Promise<object> {
  const protos = fileURLToPath(
    new URL('../proto/', import.meta.resolve('@grpc/reflection/build/src/index.js')),
  );
  const loaded = loadSync('grpc/reflection/v1/reflection.proto', {
    includeDirs: [protos],
    keepCase: true,
    oneofs: true,
  });
  const method = Object.entries(loaded)
    .flatMap(([name, definition]) =>
      name.endsWith('ServerReflection') ? Object.values(definition) : [],
    )
    .find((candidate) => candidate.path.endsWith('ServerReflectionInfo'));
  const stream: ClientDuplexStream<object, object> = client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
  );
  stream.write(request);
  stream.end();
  return new Promise((resolve, reject) => {
    stream.on('data', resolve);
    stream.on('error', reject);
  });
}
