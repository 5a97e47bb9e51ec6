import 'reflect-metadata';
import { type Client, status, type ServiceError } from '@grpc/grpc-js';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { ErrorCode } from '../services/domain/errors.ts';
import { RealClock } from '../services/platform/clock/real-clock.ts';
import { metrics } from '../services/platform/telemetry/metrics.ts';
import { atDesk, deskBudgetMs } from './at-desk.ts';
import type { Surface } from './caller.ts';
import { FrontDoor, type OpenDoor } from './front-door.contract.ts';
import { serviceDefinition, type ServiceName } from './grpc/service-definitions.ts';

const clock = new RealClock();
const door = new FrontDoor();
let open: OpenDoor;
let http: NestFastifyApplication;
let client: Client;

beforeAll(async () => {
  open = await door.open();
  ({ http, client } = open);
});
afterAll(() => open.close());
beforeEach(() => {
  door.shelf.hangs = true;
  door.shelf.asked = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

const overHttp = [
  ['GET', '/v1/users/known'],
  ['DELETE', '/v1/users/known'],
  ['PUT', '/v1/items/a'],
  ['DELETE', '/v1/items/a'],
] as const;

test.each(overHttp)(
  'HTTP %s %s ends with its budget, whatever hangs below',
  async (method, url) => {
    const reply = await http.inject({
      method,
      url,
      headers: { 'x-request-timeout-ms': '20' },
      ...(method === 'PUT' && { payload: {} }),
    });
    expect(reply.statusCode).toBe(504);
    expect(reply.json<object>()).toMatchObject({
      error: { code: 'deadline_exceeded', message: 'no answer within 20 ms' },
    });
  },
);

test.each(overHttp)('HTTP %s %s with a bad budget is refused', async (method, url) => {
  door.shelf.hangs = false;
  const headers = { 'x-request-timeout-ms': 'soon' };
  const reply = await http.inject({
    method,
    url,
    headers,
    ...(method === 'PUT' && { payload: {} }),
  });
  expect(reply.json<object>()).toMatchObject({ error: { field: 'x-request-timeout-ms' } });
});

const overGrpc: readonly (readonly [ServiceName, string, object])[] = [
  ['chorus.v1.Users', 'Get', { user_id: 'known' }],
  ['chorus.v1.Users', 'Delete', { user_id: 'known' }],
  ['chorus.v1.Items', 'Upsert', { item: { item_id: 'b' } }],
  ['chorus.v1.Items', 'Delete', { item_id: 'b' }],
];

test.each(overGrpc)('gRPC %s.%s ends with its deadline', async (service, method, request) => {
  const before = await countOf('grpc', 'deadline_exceeded');
  const { ended } = call(service, method, request, 1000);
  expect(await ended).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  await expect.poll(() => countOf('grpc', 'deadline_exceeded')).toBe(before + 1);
});

test.each(overGrpc)('gRPC %s.%s ends with its caller', async (service, method, request) => {
  const before = await countOf('grpc', 'cancelled');
  const { cancel, ended } = call(service, method, request, 60_000);
  await expect.poll(() => door.shelf.asked).toBeGreaterThan(0);
  cancel();
  expect(await ended).toMatchObject({ code: status.CANCELLED });
  await expect.poll(() => countOf('grpc', 'cancelled')).toBe(before + 1);
});

test('who names no budget waits for a write, not for ever', async () => {
  vi.useFakeTimers();
  const caller = {
    surface: 'http',
    budgetMs: undefined,
    traceParent: '',
    whenGone: () => () => undefined,
  } as const;
  const done = atDesk(caller, clock, () => new Promise(() => undefined));
  vi.advanceTimersByTime(deskBudgetMs);
  await expect(done).rejects.toMatchObject({ code: 'deadline_exceeded' });
});

async function countOf(surface: Surface, outcome: ErrorCode): Promise<number> {
  const { values } = await metrics.requests.get();
  const found = values.find(
    ({ labels }) => labels.surface === surface && labels.outcome === outcome,
  );
  return found?.value ?? 0;
}

function call(service: ServiceName, method: string, request: object, waitMs: number) {
  const asIs = (message: Buffer): Buffer => message;
  const bytes = serviceDefinition(service)[method]?.requestSerialize(request) ?? Buffer.alloc(0);
  const { promise, resolve } = Promise.withResolvers<ServiceError | null>();
  const deadline = clock.nowMs() + waitMs;
  const path = `/${service}/${method}`;
  const calling = client.makeUnaryRequest(path, asIs, asIs, bytes, { deadline }, resolve);
  return { cancel: () => calling.cancel(), ended: promise };
}
