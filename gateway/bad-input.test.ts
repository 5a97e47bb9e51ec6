import 'reflect-metadata';
import { type Client, type ServiceError, status } from '@grpc/grpc-js';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

const long = 'x'.repeat(129);
const many = Array.from({ length: 1001 }, (_, index) => `i${index}`);

/** Bodies of POST /v1/recommend that are refused, and the field that the refusal names. */
const badRecommends: readonly (readonly [string, object, string])[] = [
  ['neither user nor session', {}, 'user_id'],
  ['empty user and no session', { user_id: '', session: [] }, 'user_id'],
  ['present but empty candidates', { user_id: 'u', candidates: [] }, 'candidates'],
  ['duplicate candidates', { user_id: 'u', candidates: ['a', 'b', 'a'] }, 'candidates'],
  ['1,001 candidates', { user_id: 'u', candidates: many }, 'candidates'],
  ['an empty candidate', { user_id: 'u', candidates: ['a', ''] }, 'candidates.1'],
  ['candidates that are null', { user_id: 'u', candidates: null }, 'candidates'],
  ['candidates in an object', { user_id: 'u', candidates: { item_ids: ['a'] } }, 'candidates'],
  ['top_n 0', { user_id: 'u', top_n: 0 }, 'top_n'],
  ['top_n 501', { user_id: 'u', top_n: 501 }, 'top_n'],
  ['top_n −1', { user_id: 'u', top_n: -1 }, 'top_n'],
  ['top_n 1.5', { user_id: 'u', top_n: 1.5 }, 'top_n'],
  ['top_n in quotes', { user_id: 'u', top_n: '5' }, 'top_n'],
  ['a user that is a number', { user_id: 7 }, 'user_id'],
  ['a user of 129 characters', { user_id: long }, 'user_id'],
  ['a user with a line feed', { user_id: 'a\nb' }, 'user_id'],
  ['a user with a zero', { user_id: 'a\0' }, 'user_id'],
  ['a user with half a character', { user_id: 'a\uD800' }, 'user_id'],
  ['a long request id', { user_id: 'u', request_id: long }, 'request_id'],
  ['a session that is no list', { session: {} }, 'session'],
  ['a session without item', { session: [{ item_id: 'a' }, {}] }, 'session.1.item_id'],
  ['a value in words', { session: [{ item_id: 'a', value: 'NaN' }] }, 'session.0.value'],
  ['a time before 1970', { session: [{ item_id: 'a', time_ms: -1 }] }, 'session.0.time_ms'],
  ['a time with a fraction', { session: [{ item_id: 'a', time_ms: 0.5 }] }, 'session.0.time_ms'],
  ['include_seen in words', { user_id: 'u', include_seen: 'yes' }, 'include_seen'],
  ['context with a number', { user_id: 'u', context: { hour: 3 } }, 'context.hour'],
  ['an item to exclude that is no text', { user_id: 'u', exclude: [null] }, 'exclude.0'],
  ['an unknown field', { user_id: 'u', topn: 3 }, 'topn'],
  ['an unknown field inside', { session: [{ item_id: 'a', price: 1 }] }, 'session.0.price'],
  ['an array instead of an object', [], ''],
];

/** Other HTTP calls that are refused. */
const badCalls: readonly (readonly [
  string,
  'GET' | 'PUT' | 'DELETE',
  string,
  object | undefined,
  string,
])[] = [
  ['top_n in words', 'GET', '/v1/recommend/u?top_n=many', undefined, 'top_n'],
  ['an empty top_n', 'GET', '/v1/recommend/u?top_n=', undefined, 'top_n'],
  ['top_n 0', 'GET', '/v1/recommend/u?top_n=0', undefined, 'top_n'],
  ['top_n 501', 'GET', '/v1/recommend/u?top_n=501', undefined, 'top_n'],
  ['two top_n', 'GET', '/v1/recommend/u?top_n=1&top_n=2', undefined, 'top_n'],
  ['an unknown parameter', 'GET', '/v1/recommend/u?topn=1', undefined, 'topn'],
  ['a user with a zero', 'GET', '/v1/recommend/a%00b', undefined, 'user_id'],
  ['a user with a tab', 'GET', '/v1/users/a%09b', undefined, 'user_id'],
  ['a user of 129 characters', 'DELETE', `/v1/users/${long}`, undefined, 'user_id'],
  ['an item with an escape', 'DELETE', '/v1/items/a%1Bb', undefined, 'item_id'],
  ['another id in the body', 'PUT', '/v1/items/a', { item_id: 'b' }, 'item_id'],
  ['a title that is a number', 'PUT', '/v1/items/a', { title: 7 }, 'title'],
  ['a title with a zero', 'PUT', '/v1/items/a', { title: 'x\0' }, 'title'],
  ['a title of 513 characters', 'PUT', '/v1/items/a', { title: 'x'.repeat(513) }, 'title'],
  ['an empty genre', 'PUT', '/v1/items/a', { genres: ['Heist', ''] }, 'genres.1'],
  ['a year in words', 'PUT', '/v1/items/a', { year: '1999' }, 'year'],
  ['attributes of numbers', 'PUT', '/v1/items/a', { attributes: { size: 3 } }, 'attributes.size'],
  ['an unknown field', 'PUT', '/v1/items/a', { name: 'x' }, 'name'],
];

describe('HTTP refuses with 400 and the name of the field', () => {
  test.each(badRecommends)('%s', async (_what, body, field) => {
    expect(await post(JSON.stringify(body))).toEqual(refusedFor(field));
  });

  test.each(badCalls)('%s: %s %s', async (_what, method, url, body, field) => {
    expect(await call(method, url, body)).toEqual(refusedFor(field));
  });

  test.each(['soon', '0', '1.5', '600001', '-1'])('a timeout of %s', async (timeout) => {
    const headers = { 'x-request-timeout-ms': timeout };
    expect(await call('GET', '/v1/recommend/u', undefined, headers)).toEqual(
      refusedFor('x-request-timeout-ms'),
    );
  });

  // JSON has no NaN and no Infinity: as malformed as half an object, and no field to be named.
  test.each(['{"user_id": ', '', '{"top_n": NaN}', 'null', '"u"', '{"user_id":"u"}}'])(
    'the body %j',
    async (body) => {
      expect(await post(body)).toMatchObject({ code: 'invalid_argument', status: 400 });
    },
  );
});

test('HTTP refuses a body over 1 MB with 413', async () => {
  const body = JSON.stringify({ user_id: 'u' }).padEnd(1024 * 1024 + 1, ' ');
  expect(await post(body)).toMatchObject({ status: 413, code: 'too_large' });
  const put = await call('PUT', '/v1/items/a', { title: 'x'.repeat(1024 * 1024) });
  expect(put).toMatchObject({ status: 413, code: 'too_large' });
});

describe('gRPC refuses with INVALID_ARGUMENT and the name of the field', () => {
  const recommends: readonly (readonly [string, object, string])[] = [
    ['neither user nor session', {}, 'user_id'],
    ['present but empty candidates', { user_id: 'u', candidates: {} }, 'candidates'],
    ['duplicates', { user_id: 'u', candidates: { item_ids: ['a', 'a'] } }, 'candidates'],
    ['1,001 candidates', { user_id: 'u', candidates: { item_ids: many } }, 'candidates'],
    ['top_n 0', { user_id: 'u', top_n: 0 }, 'top_n'],
    ['top_n 501', { user_id: 'u', top_n: 501 }, 'top_n'],
    ['NaN', { session: [{ item_id: 'a', value: NaN }] }, 'session.0.value'],
    ['Infinity', { session: [{ item_id: 'a', value: Infinity }] }, 'session.0.value'],
    ['a session without item', { session: [{ type: 'click' }] }, 'session.0.item_id'],
    ['a user with a line feed', { user_id: 'a\nb' }, 'user_id'],
    ['a time before 1970', { session: [{ item_id: 'a', time_ms: -1 }] }, 'session.0.time_ms'],
  ];
  const others: readonly (readonly [string, ServiceName, string, object, string])[] = [
    ['no user', 'chorus.v1.Users', 'Get', {}, 'user_id'],
    ['a long user', 'chorus.v1.Users', 'Delete', { user_id: long }, 'user_id'],
    ['no item', 'chorus.v1.Items', 'Upsert', {}, 'item'],
    ['an item without id', 'chorus.v1.Items', 'Upsert', { item: { title: 'x' } }, 'item.item_id'],
    [
      'a title with a zero',
      'chorus.v1.Items',
      'Upsert',
      { item: { item_id: 'a', title: '\0' } },
      'item.title',
    ],
    ['no item', 'chorus.v1.Items', 'Delete', {}, 'item_id'],
  ];

  test.each(recommends)('Recommend: %s', async (_what, request, field) => {
    const failure = await ask('chorus.v1.Recommender', 'Recommend', request);
    expect(failure).toEqual({ code: status.INVALID_ARGUMENT, field, names: true });
  });

  test.each(others)('%s: %s.%s', async (_what, service, method, request, field) => {
    const failure = await ask(service, method, request);
    expect(failure).toEqual({ code: status.INVALID_ARGUMENT, field, names: true });
  });

  test.each([
    ['chorus.v1.Recommender', 'Recommend'],
    ['chorus.v1.Users', 'Get'],
    ['chorus.v1.Items', 'Upsert'],
  ] as const)('bytes that do not decode, which it says: %s.%s', async (service, method) => {
    const failure = await send(service, method, Buffer.from('ffffffff', 'hex'));
    expect(failure).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(failure).toHaveProperty('details', expect.stringContaining('do not decode'));
  });
});

test('gRPC refuses a message over 1 MB with RESOURCE_EXHAUSTED', async () => {
  const bytes = Buffer.alloc(1024 * 1024 + 1);
  expect(await send('chorus.v1.Recommender', 'Recommend', bytes)).toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
  });
});

test('nothing of all this reached what answers', () => {
  expect(door.listener.asked).toEqual([]);
  expect(door.shelf.items.size).toBe(0);
});

describe('what is unusual is let in all the same', () => {
  test.each(['ü'.repeat(128), '🎬'.repeat(64), 'a/b', ' ', '%', '?'])(
    'the id %j',
    async (userId) => {
      const before = door.listener.asked.length;
      const url = `/v1/recommend/${encodeURIComponent(userId)}`;
      expect(await call('GET', url)).toMatchObject({ status: 200 });
      expect(door.listener.asked[before]?.userId).toBe(userId);
    },
  );

  test('a thousand candidates, and 500 asked for', async () => {
    const body = { user_id: 'u', candidates: many.slice(0, 1000), top_n: 500 };
    expect(await post(JSON.stringify(body))).toMatchObject({ status: 200 });
  });
});

test('an unknown user is 404 and NOT_FOUND', async () => {
  expect(await call('GET', '/v1/users/nobody')).toMatchObject({ status: 404, code: 'not_found' });
  expect(await ask('chorus.v1.Users', 'Get', { user_id: 'nobody' })).toMatchObject({
    code: status.NOT_FOUND,
  });
});

function refusedFor(field: string): object {
  // A message as a whole has no field to be named.
  return field === ''
    ? { status: 400, code: 'invalid_argument', names: false, field: undefined }
    : { status: 400, code: 'invalid_argument', names: true, field };
}

async function post(body: string) {
  return read(
    await http.inject({
      method: 'POST',
      url: '/v1/recommend',
      payload: body,
      headers: { 'content-type': 'application/json' },
    }),
  );
}

async function call(
  method: 'GET' | 'PUT' | 'DELETE',
  url: string,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
) {
  return read(await http.inject({ method, url, headers, ...(body && { payload: body }) }));
}

function read(reply: { statusCode: number; payload: string }) {
  const { error }: { error?: { code: string; message: string; field?: string } } = JSON.parse(
    reply.payload,
  );
  const field = error?.field;
  const names = field !== undefined && error?.message.includes(field) === true;
  return { status: reply.statusCode, code: error?.code, names, field };
}

async function ask(service: ServiceName, method: string, request: object) {
  const bytes = serviceDefinition(service)[method]?.requestSerialize(request) ?? Buffer.alloc(0);
  const { code, details, metadata } = await send(service, method, bytes);
  const [field = ''] = metadata.get('chorus-field').map(String);
  return { code, field, names: field !== '' && details.includes(field) };
}

async function send(service: ServiceName, method: string, bytes: Buffer): Promise<ServiceError> {
  const asIs = (message: Buffer): Buffer => message;
  return await new Promise((resolve, reject) => {
    client.makeUnaryRequest(`/${service}/${method}`, asIs, asIs, bytes, (error) => {
      if (error) resolve(error);
      else reject(new Error('it was answered'));
    });
  });
}
