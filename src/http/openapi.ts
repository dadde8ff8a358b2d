import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { noBody, type Route } from './route.ts';

const problemShape = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().describe('For people.'),
});

/** The OpenAPI 3.1 document of these routes. */
export function openapiDocument(routes: readonly Route[], version: string): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'regrow',
      version,
      description: 'A pool of VMs that heals itself, as one of its controllers sees it. Times are ISO 8601 in UTC.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: '`http.token` of the configuration.' } },
      schemas: { Problem: jsonSchema(problemShape, 'output') },
    },
  };
}

function operationOf(route: Route): unknown {
  const parameters = [...pathParameters(route), ...queryParameters(route), ...headerParameters(route)];
  return {
    operationId: operationId(route),
    summary: route.summary,
    ...(route.isGuarded ? { security: [{ token: [] }] } : { security: [] }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === noBody
      ? {}
      : {
          requestBody: {
            required: !route.body.safeParse(undefined).success,
            content: { 'application/json': { schema: jsonSchema(route.body, 'input') } },
          },
        }),
    responses: responsesOf(route),
  };
}

/** `GET /v1/runs/:id/events` is `getRunsIdEvents`. */
function operationId({ method, path }: Route): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '' && word !== 'v1');
  return (
    method.toLowerCase() +
    (words.length === 0 ? ['root'] : words).map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')
  );
}

function pathParameters({ path }: Route): readonly unknown[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters({ query }: Route): readonly unknown[] {
  return Object.entries(query.shape).map(([name, shape]) => {
    const { description, ...schema } = jsonSchema(shape, 'input');
    const required = !z.safeParse(shape, undefined).success;
    return { name, in: 'query', required, ...(description === undefined ? {} : { description }), schema };
  });
}

/** `Accept` and `Authorization` are no parameters in OpenAPI: it tells of them otherwise. */
function headerParameters({ headers }: Route): readonly unknown[] {
  return Object.entries(headers)
    .filter(([name]) => name !== 'accept' && name !== 'authorization')
    .map(([name, description]) => ({ name, in: 'header', required: false, description, schema: { type: 'string' } }));
}

function responsesOf(route: Route): Readonly<Record<string, unknown>> {
  const hasInput = Object.keys(route.query.shape).length > 0 || route.body !== noBody;
  const problems = new Set([
    ...(hasInput ? [400] : []),
    ...(route.isGuarded ? [401, 403, 503] : []),
    ...route.problems,
    ...(route.body === noBody ? [] : [413, 415]),
    429,
    500,
  ]);
  const content = Object.fromEntries(
    Object.entries(route.content).map(([type, shape]) => [
      type,
      shape === null ? {} : { schema: jsonSchema(shape, 'output') },
    ]),
  );
  const good = route.method === 'POST' ? 202 : 200;
  return {
    [good]: { description: STATUS_CODES[good], content },
    ...(route.method === 'GET' && !route.isGuarded && !('text/event-stream' in route.content)
      ? { 304: { description: 'What the reader has is still so.' } }
      : {}),
    ...Object.fromEntries([...problems].map((status) => [status, problemResponse(status)])),
  };
}

function problemResponse(status: number): unknown {
  return {
    description: STATUS_CODES[status] ?? 'Problem',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}

function jsonSchema(shape: z.core.$ZodType, io: 'input' | 'output'): Readonly<Record<string, unknown>> {
  const { $schema: _, '~standard': __, ...schema } = z.toJSONSchema(shape, { io, unrepresentable: 'any' });
  return schema;
}
