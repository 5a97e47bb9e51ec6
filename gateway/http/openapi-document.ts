import { z } from 'zod';
import { errorTable } from '../../services/domain/errors.ts';
import { itemBody, itemName, namedItemBody } from '../messages/items.ts';
import { recommendBody, recommendQuery, recommendReply } from '../messages/recommend.ts';
import { timeoutHeader, timeoutMs } from '../messages/timeout.ts';
import { deletedReply, userName, userReply } from '../messages/users.ts';

/** One route as its callers need to know it. */
interface RouteDescription {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** With `{name}` for each part that the caller chooses. */
  readonly path: string;
  readonly summary: string;
  readonly inPath?: z.ZodObject;
  readonly inQuery?: z.ZodObject;
  /** Whether `x-request-timeout-ms` says how long the caller waits. */
  readonly isTimed?: boolean;
  readonly body?: SchemaName;
  readonly reply: SchemaName;
  /** Statuses of `errorTable` beside 400, which every route with a parameter has. */
  readonly failures?: readonly number[];
}

const health = z.looseObject({});

const error = z.object({
  error: z.object({
    code: z.enum(Object.keys(errorTable)),
    message: z.string(),
    field: z.string().optional(),
  }),
});

/** Every message of the surface, from the schemas that check or shape it. */
const schemas = {
  RecommendRequest: recommendBody,
  RecommendResponse: recommendReply,
  User: userReply,
  Item: itemBody,
  ItemDescription: namedItemBody,
  Deleted: deletedReply,
  Health: health,
  Document: health,
  Error: error,
} satisfies Record<string, z.ZodType>;

type SchemaName = keyof typeof schemas;

/** Every route of the HTTP surface; a test compares it with those that are served. */
const routes: readonly RouteDescription[] = [
  {
    method: 'post',
    path: '/v1/recommend',
    summary: 'Ranked items for a user, or for the session of somebody unknown',
    isTimed: true,
    body: 'RecommendRequest',
    reply: 'RecommendResponse',
    failures: [413, 503, 504],
  },
  {
    method: 'get',
    path: '/v1/recommend/{user_id}',
    summary: 'The best items of the whole catalogue for one user',
    inPath: userName,
    inQuery: recommendQuery,
    isTimed: true,
    reply: 'RecommendResponse',
    failures: [503, 504],
  },
  {
    method: 'get',
    path: '/v1/users/{user_id}',
    summary: 'Everything that is known of a user',
    inPath: userName,
    isTimed: true,
    reply: 'User',
    failures: [404, 503, 504],
  },
  {
    method: 'delete',
    path: '/v1/users/{user_id}',
    summary: 'Forgets a user: gone from the next answer',
    inPath: userName,
    isTimed: true,
    reply: 'Deleted',
    failures: [503, 504],
  },
  {
    method: 'put',
    path: '/v1/items/{item_id}',
    summary: 'Adds an item, or replaces all that is known of it',
    inPath: itemName,
    isTimed: true,
    body: 'ItemDescription',
    reply: 'Item',
    failures: [413, 503, 504],
  },
  {
    method: 'delete',
    path: '/v1/items/{item_id}',
    summary: 'Takes an item out of the catalogue: gone from the next answer',
    inPath: itemName,
    isTimed: true,
    reply: 'Deleted',
    failures: [503, 504],
  },
  {
    method: 'get',
    path: '/health',
    summary: 'How this process is',
    reply: 'Health',
    failures: [503],
  },
  { method: 'get', path: '/health/live', summary: 'Whether it lives', reply: 'Health' },
  {
    method: 'get',
    path: '/health/ready',
    summary: 'Whether it takes work',
    reply: 'Health',
    failures: [503],
  },
  { method: 'get', path: '/openapi.json', summary: 'This document', reply: 'Document' },
];

/** The HTTP surface as OpenAPI 3.1, whose schemas are those that the routes check with. */
export function openapiDocument() {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Chorus',
      version: 'v1',
      description: 'Many experts, one answer: mixtures of experts behind one door.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: Object.fromEntries(
        Object.entries(schemas).map(([name, schema]) => [name, jsonSchemaOf(schema)]),
      ),
    },
  };
}

function operationOf(route: RouteDescription) {
  const { method, path, summary, inPath, inQuery, isTimed, body, reply, failures = [] } = route;
  const isChecked = inPath !== undefined || body !== undefined;
  const words = path.split('/').map((part) => part.replaceAll(/\W/g, ''));
  const parameters = [
    ...parametersOf('path', inPath),
    ...parametersOf('query', inQuery),
    ...(isTimed === true ? [timeout] : []),
  ];
  const refused = json(reply === 'Health' ? reply : 'Error');
  const statuses = [...(isChecked ? [400] : []), ...failures].toSorted((a, b) => a - b);
  return {
    operationId: [method, ...words.filter((word) => word !== '' && word !== 'v1')].join('_'),
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: { required: true, content: json(body) } }),
    responses: {
      200: { description: 'Done', content: json(reply) },
      ...Object.fromEntries(
        statuses.map((status) => [status, { description: wordsOf(status), content: refused }]),
      ),
    },
  };
}

const timeout = {
  name: timeoutHeader,
  in: 'header',
  required: false,
  description: 'How long the caller waits, in whole milliseconds',
  schema: jsonSchemaOf(timeoutMs),
};

function parametersOf(place: 'path' | 'query', schema: z.ZodObject | undefined) {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path',
    // What comes out of a query's text, not the text, is what its limits are about.
    schema: jsonSchemaOf(field, place === 'query' ? 'output' : 'input'),
  }));
}

function json(name: SchemaName) {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } };
}

function jsonSchemaOf(schema: z.core.$ZodType, io: 'input' | 'output' = 'input'): object {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

/** The codes that a status stands for. */
function wordsOf(status: number): string {
  const codes = Object.entries(errorTable).filter(([, { http }]) => http === status);
  return codes.map(([code]) => code).join(', ');
}
