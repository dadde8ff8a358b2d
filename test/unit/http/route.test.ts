import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import {
  accepted,
  guardedRoute,
  json,
  openRoute,
  plainGet,
  plainPost,
  problem,
  text,
} from '../../../src/http/route.ts';
import type { Route } from '../../../src/http/route.ts';
import { startHttpServer } from '../../../src/http/server.ts';
import { ask, controllerView } from './fake-controller.ts';

const content = {};
const jsonType = { 'content-type': 'application/json' };

describe('a route', () => {
  it('has its query, path, headers and body read', async () => {
    const url = await serving(
      openRoute({
        ...plainPost,
        path: '/things/:name',
        summary: '',
        query: z.strictObject({ limit: z.string().regex(/^\d+$/, { error: 'expected a number' }).transform(Number) }),
        body: z.strictObject({ reason: z.string() }).prefault({ reason: 'none' }),
        headers: { 'idempotency-key': 'The same request again.' },
        content,
        answer: ({ params, query, headers, body }) =>
          accepted({ params: [...params], query, headers: [...headers], body }),
      }),
    );
    const body = JSON.stringify({ reason: 'disk' });
    const headers = { ...jsonType, 'idempotency-key': 'k', 'x-other': 'y' };
    const answer = await ask(url, '/things/a%20b?limit=5', { method: 'POST', headers, body });
    expect(answer.status).toBe(202);
    expect(JSON.parse(answer.text)).toEqual({
      params: [['name', 'a b']],
      query: { limit: 5 },
      headers: [['idempotency-key', 'k']],
      body: { reason: 'disk' },
    });
    expect(JSON.parse((await ask(url, '/things/a?limit=1', { method: 'POST' })).text).body).toEqual({ reason: 'none' });
    const detail = async (path: string, sent: string): Promise<string> =>
      JSON.parse((await ask(url, path, { method: 'POST', headers: jsonType, body: sent })).text).detail;
    expect(await detail('/things/a?limit=x', '{}')).toBe('limit: expected a number.');
    expect(await detail('/things/a?limit=1&limit=2', '{}')).toBe('limit: given more than once.');
    expect(await detail('/things/a?__proto__=1', '{}')).toContain('It knows: limit.');
    expect(await detail('/things/a?limit=1', '{"reason":1}')).toMatch(/^reason: /);
  });

  it.each([
    ['that is no JSON', '{', jsonType, 400],
    ['that would poison a prototype', '{"__proto__":{"x":1}}', jsonType, 400],
    ['of another type', 'x', { 'content-type': 'text/plain' }, 415],
    ['of no type', 'x', {}, 415],
    ['that is too long', `"${'x'.repeat(17_000)}"`, jsonType, 413],
    ['that the route does not take', '{}', jsonType, 400],
  ])('refuses a body %s', async (_, body, headers, status) => {
    const url = await serving(
      openRoute({ ...plainPost, path: '/x', summary: '', content, answer: () => json('done') }),
    );
    const answer = await ask(url, '/x', { method: 'POST', headers: { ...headers }, body });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  it('answers with text of any kind, streams, and problems with facts of their own', async () => {
    const body = () => Readable.from(['one ', 'two']);
    const url = await serving(
      openRoute({
        ...plainGet,
        path: '/page',
        summary: '',
        content,
        answer: () => text('text/html', '<p>', { 'content-security-policy': 'x' }),
      }),
      openRoute({
        ...plainGet,
        path: '/metrics',
        summary: '',
        content,
        answer: () => text('text/plain; version=0.0.4', 'x 1\n'),
      }),
      openRoute({
        ...plainGet,
        path: '/stream',
        summary: '',
        content,
        answer: () => ({ kind: 'stream', type: 'text/event-stream', body: body() }),
      }),
      openRoute({
        ...plainGet,
        path: '/refused',
        summary: '',
        content,
        answer: async () => problem(422, 'No.', { gate: 'budget' }),
      }),
    );
    expect(await ask(url, '/page')).toMatchObject({
      text: '<p>',
      headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': 'x' },
    });
    expect((await ask(url, '/metrics')).headers['content-type']).toBe('text/plain; version=0.0.4');
    expect(await ask(url, '/stream')).toMatchObject({
      text: 'one two',
      headers: { 'content-type': 'text/event-stream' },
    });
    expect(await ask(url, '/stream', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    expect(JSON.parse((await ask(url, '/refused')).text)).toMatchObject({ status: 422, detail: 'No.', gate: 'budget' });
  });

  it('shares its path with another method, and looks at no body before it has seen the token', async () => {
    const path = '/both';
    const url = await serving(
      openRoute({ ...plainGet, path, summary: '', content, answer: () => json('read') }),
      guardedRoute({ ...plainPost, path, summary: '', content, answer: () => json('written') }),
    );
    expect((await ask(url, path)).text).toBe('"read"');
    expect((await ask(url, path, { method: 'POST', body: '{', headers: jsonType })).status).toBe(401);
    const authorization = 'Bearer hunter2';
    expect((await ask(url, path, { method: 'POST', headers: { authorization } })).text).toBe('"written"');
    expect((await ask(url, path, { method: 'PUT' })).headers['allow']).toBe('GET, HEAD, POST');
  });
});

async function serving(...routes: Route[]): Promise<string> {
  const view = controllerView({ token: async () => 'hunter2' });
  const server = await startHttpServer({ listen: '127.0.0.1:0', view, routes, onFault: () => {} });
  onTestFinished(() => server.close());
  return server.url;
}
