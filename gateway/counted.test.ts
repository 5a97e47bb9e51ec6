import 'reflect-metadata';
import type { Client } from '@grpc/grpc-js';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { metrics } from '../services/platform/telemetry/metrics.ts';
import type { Surface } from './caller.ts';
import { FrontDoor, type OpenDoor } from './front-door.contract.ts';
import { serviceDefinition, type ServiceName } from './grpc/service-definitions.ts';

const door = new FrontDoor();
let open: OpenDoor;
let http: NestFastifyApplication;
let client: Client;

beforeAll(async () => {
  open = await door.open();
  ({ http, client } = open);
});
afterAll(() => open.close());

const overHttp = [
  ['GET', '/v1/recommend/u', 'ok', 1],
  ['GET', '/v1/recommend/u?top_n=0', 'invalid_argument', 0],
  ['GET', '/v1/users/known', 'ok', 1],
  ['GET', '/v1/users/nobody', 'not_found', 1],
  ['DELETE', '/v1/users/nobody', 'ok', 1],
  ['PUT', '/v1/items/a', 'ok', 1],
  ['PUT', '/v1/items/%00', 'invalid_argument', 0],
  ['DELETE', '/v1/items/a', 'ok', 1],
] as const;

test.each(overHttp)('HTTP %s %s is counted as %s', async (method, url, outcome, timed) => {
  const before = await figures('http', outcome);
  await http.inject({ method, url, ...(method === 'PUT' && { payload: {} }) });
  expect(await figures('http', outcome)).toEqual({
    requests: before.requests + 1,
    timed: before.timed + timed,
  });
});

const overGrpc: readonly (readonly [ServiceName, string, object, string, number])[] = [
  ['chorus.v1.Recommender', 'Recommend', { user_id: 'u' }, 'ok', 1],
  ['chorus.v1.Recommender', 'Recommend', {}, 'invalid_argument', 0],
  ['chorus.v1.Users', 'Get', { user_id: 'known' }, 'ok', 1],
  ['chorus.v1.Users', 'Get', { user_id: 'nobody' }, 'not_found', 1],
  ['chorus.v1.Users', 'Delete', { user_id: 'nobody' }, 'ok', 1],
  ['chorus.v1.Items', 'Upsert', { item: { item_id: 'b' } }, 'ok', 1],
  ['chorus.v1.Items', 'Upsert', {}, 'invalid_argument', 0],
  ['chorus.v1.Items', 'Delete', { item_id: 'b' }, 'ok', 1],
];

test.each(overGrpc)(
  'gRPC %s.%s(%j) is counted as %s',
  async (service, method, request, outcome, timed) => {
    const before = await figures('grpc', outcome);
    await call(service, method, request);
    expect(await figures('grpc', outcome)).toEqual({
      requests: before.requests + 1,
      timed: before.timed + timed,
    });
  },
);

/** Requests of a surface that had this outcome, and how many of all its requests were measured. */
async function figures(surface: Surface, outcome: string) {
  const [requests, durations] = await Promise.all([
    metrics.requests.get(),
    metrics.requestDuration.get(),
  ]);
  const counter = requests.values.find(
    ({ labels }) =>
      labels.surface === surface && labels.lane === 'interactive' && labels.outcome === outcome,
  );
  const count = durations.values.find(
    ({ metricName, labels }) =>
      metricName === 'moe_request_duration_seconds_count' && labels.surface === surface,
  );
  return { requests: counter?.value ?? 0, timed: count?.value ?? 0 };
}

async function call(service: ServiceName, method: string, request: object): Promise<void> {
  const asIs = (message: Buffer): Buffer => message;
  const bytes = serviceDefinition(service)[method]?.requestSerialize(request) ?? Buffer.alloc(0);
  await new Promise<void>((resolve) => {
    client.makeUnaryRequest(`/${service}/${method}`, asIs, asIs, bytes, () => resolve());
  });
}
