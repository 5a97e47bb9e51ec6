import 'reflect-metadata';
import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ChorusError, errorTable, type ErrorCode } from '../../services/domain/errors.ts';
import { httpApplication, maxBodyBytes } from './http-application.ts';

const order = z.strictObject({
  user_id: z.string().min(1),
  session: z.array(z.strictObject({ item_id: z.string() })).default([]),
});

@Controller('probe')
class ProbeController {
  @Post()
  post(@Body({ schema: order }) body: z.infer<typeof order>): unknown {
    return body;
  }

  @Post('fail')
  fail(@Body() { code }: { code: ErrorCode | 'type-error' }): never {
    if (code === 'type-error') throw new TypeError('SELECT secret FROM users');
    throw new ChorusError(code, `this is ${code}`, { field: 'candidates' });
  }

  @Get()
  get(): unknown {
    return { here: true };
  }
}

@Module({ controllers: [ProbeController] })
class ProbeModule {}

let application: NestFastifyApplication;
beforeAll(async () => {
  application = await httpApplication({ module: ProbeModule }, ['https://shop.example']);
  await application.init();
});
afterAll(() => application.close());

async function post(path: string, payload: object | string, type = 'application/json') {
  const reply = await application.inject({
    method: 'POST',
    url: path,
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    headers: { 'content-type': type },
  });
  return { status: reply.statusCode, body: reply.json<unknown>(), headers: reply.headers };
}

function filledTo(bytes: number): string {
  return JSON.stringify({ user_id: 'u' }).padEnd(bytes, ' ');
}

async function allowedFor(origin: string) {
  const reply = await application.inject({ method: 'GET', url: '/probe', headers: { origin } });
  return reply.headers['access-control-allow-origin'];
}

test('a good body arrives with its defaults', async () => {
  expect(await post('/probe', { user_id: 'u1' })).toMatchObject({
    status: 201,
    body: { user_id: 'u1', session: [] },
  });
});

describe('a bad body names its field', () => {
  test.each([
    [{}, 'user_id'],
    [{ user_id: '' }, 'user_id'],
    [{ user_id: 'u1', session: [{ item_id: 'a' }, { item_id: 3 }] }, 'session.1.item_id'],
    [{ user_id: 'u1', tenant: 'other' }, 'tenant'],
    [{ user_id: 'u1', session: [{ item_id: 'a', price: 1 }] }, 'session.0.price'],
  ])('%j: %s', async (body, field) => {
    const reply = await post('/probe', body);
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ error: { code: 'invalid_argument', field } });
  });

  test('no JSON, no body, another type', async () => {
    const wrong = [
      await post('/probe', '{"user_id": '),
      await post('/probe', ''),
      await post('/probe', 'user_id=u1', 'text/plain'),
    ];
    for (const { status, body } of wrong) {
      expect(status).toBe(400);
      expect(body).toMatchObject({ error: { code: 'invalid_argument' } });
    }
  });
});

test('a body over 1 MiB is too large, and one of just 1 MiB is read', async () => {
  expect(await post('/probe', filledTo(maxBodyBytes))).toMatchObject({ status: 201 });
  expect(await post('/probe', filledTo(maxBodyBytes + 1))).toMatchObject({
    status: 413,
    body: { error: { code: 'too_large' } },
  });
});

test('a route that does not exist is not found', async () => {
  expect(await post('/nowhere', {})).toMatchObject({
    status: 404,
    body: { error: { code: 'not_found' } },
  });
});

test.each(Object.entries(errorTable).filter(([code]) => code !== 'internal'))(
  'ChorusError %s gets the status of the table',
  async (code, { http }) => {
    const reply = await post('/probe/fail', { code });
    expect(reply.status).toBe(http);
    expect(reply.body).toEqual({
      error: { code, message: `this is ${code}`, field: 'candidates' },
    });
    expect(reply.headers['retry-after']).toBe(http === 429 || http === 503 ? '1' : undefined);
  },
);

test('any other error is internal and says nothing of itself', async () => {
  const reply = await post('/probe/fail', { code: 'type-error' });
  expect(reply.status).toBe(500);
  expect(reply.body).toMatchObject({ error: { code: 'internal' } });
  expect(JSON.stringify(reply.body)).not.toMatch(/SELECT|TypeError|stack/);
});

test('only the origins of the settings may call from a page', async () => {
  expect(await allowedFor('https://shop.example')).toBe('https://shop.example');
  expect(await allowedFor('https://elsewhere.example')).toBeUndefined();
});
