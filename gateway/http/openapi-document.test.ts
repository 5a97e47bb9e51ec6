import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { FrontDoor } from '../front-door.contract.ts';
import { openapiDocument } from './openapi-document.ts';

const field = z.object({ description: z.string().optional() });
const interactions = z.object({
  items: z.object({ properties: z.record(z.string(), field) }),
});
const recommendRequest = z.object({
  RecommendRequest: z.object({ properties: z.object({ session: interactions }) }),
});
let http: NestFastifyApplication;

beforeAll(async () => {
  http = await new FrontDoor().http();
});
afterAll(() => http.close());

test('it lists every route that is served, and no other', () => {
  const { paths } = openapiDocument();
  const specified = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(served().toSorted()).toEqual(specified.toSorted());
});

test('it is served as it is written', async () => {
  const reply = await http.inject({ method: 'GET', url: '/openapi.json' });
  expect(reply.statusCode).toBe(200);
  expect(reply.json<object>()).toEqual(JSON.parse(JSON.stringify(openapiDocument())));
});

test('every reference leads to a schema', () => {
  const { components } = openapiDocument();
  const references = JSON.stringify(openapiDocument()).matchAll(/"\$ref":"([^"]+)"/g);
  const names = new Set([...references].map(([, reference = '']) => reference));
  expect(names.size).toBeGreaterThan(5);
  for (const name of names) {
    expect(components.schemas).toHaveProperty(name.replace('#/components/schemas/', ''));
  }
});

test('it says of a session what has no effect', () => {
  const { session } = recommendRequest.parse(openapiDocument().components.schemas).RecommendRequest
    .properties;
  const described = Object.entries(session.items.properties).flatMap(([name, { description }]) =>
    description?.includes('changes no answer') === true ? [name] : [],
  );
  expect(described).toEqual(['type', 'value', 'time_ms']);
});

test('every operation has an id of its own', () => {
  const ids = [...JSON.stringify(openapiDocument()).matchAll(/"operationId":"(\w+)"/g)].map(
    ([, id]) => id,
  );
  expect(new Set(ids).size).toBe(ids.length);
});

/** What Fastify's router knows, as the document writes it. HEAD comes with every GET by itself. */
function served(): readonly string[] {
  const tree = http.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
  const above: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', part = '', methods = ''] =
      /^([│ ]*)[├└]── (\S+)(?: \(([^)]+)\))?/.exec(line) ?? [];
    // A line continues the path of the one above that is indented by four characters less.
    above.splice(indent.length / 4, Infinity, part);
    const path = above.join('').replaceAll(/:(\w+)/g, '{$1}');
    const verbs = methods.split(', ').filter((method) => method !== '' && method !== 'HEAD');
    return verbs.map((verb) => `${verb} ${path}`);
  });
}
