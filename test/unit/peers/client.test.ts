import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { askMembership, portOf } from '../../../src/peers/client.ts';
import { serve, token } from './controllers.ts';

const peer = { name: 'web2', address: '127.0.0.1' };
const ask = (port: number, more: { token?: string; deadlineMs?: number } = {}) =>
  askMembership(peer, { port, token, ...more });

describe('asking a peer', () => {
  it('gives its answer, asked for with the token on the route of the membership', async () => {
    const port = await serve(({ method, url, headers }, response) => {
      response.end(JSON.stringify({ method, url, authorization: headers.authorization }));
    });
    const reply = await ask(port);
    expect(reply).toMatchObject({ kind: 'answered' });
    expect(JSON.parse(reply.kind === 'answered' ? reply.text : '')).toEqual({
      method: 'GET',
      url: '/v1/membership',
      authorization: `Bearer ${token}`,
    });
  });

  it.each([
    [401, { kind: 'refused', status: 401 }],
    [403, { kind: 'refused', status: 403 }],
    [404, { kind: 'refused', status: 404 }],
    [500, { kind: 'bad', reason: 'it answered HTTP 500' }],
    [204, { kind: 'bad', reason: 'it answered HTTP 204' }],
  ])('tells HTTP %i from an answer', async (status, reply) => {
    expect(await ask(await serve((_, response) => response.writeHead(status).end()))).toEqual(reply);
  });

  it('follows no redirect', async () => {
    const visited: (string | undefined)[] = [];
    const port = await serve(({ url }, response) => {
      visited.push(url);
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    expect(await ask(port)).toEqual({ kind: 'bad', reason: 'it answered HTTP 302' });
    expect(visited).toEqual(['/v1/membership']);
  });

  it('stops reading a body that has no end', async () => {
    let isClosed: Promise<void> | undefined;
    const port = await serve((_, response) => {
      isClosed = new Promise((resolve) => response.on('close', resolve));
      const more = (): void =>
        void (response.destroyed || response.write('x'.repeat(65_536), () => setImmediate(more)));
      more();
    });
    expect(await ask(port, { deadlineMs: 20_000 })).toMatchObject({
      kind: 'bad',
      reason: expect.stringContaining('larger'),
    });
    await isClosed;
  });

  it.each(['before the first byte', 'within the body'])('gives up on one that hangs %s', async (where) => {
    const port = await serve((_, response) => void (where === 'within the body' && response.write('{')));
    expect(await ask(port, { deadlineMs: 300 })).toEqual({ kind: 'silent', reason: 'it did not answer in time' });
  });

  it('takes a body that breaks off, and a closed port, for silence', async () => {
    const port = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{', () => response.destroy());
    });
    expect(await ask(port)).toMatchObject({ kind: 'silent' });
    expect(await ask(1)).toEqual({ kind: 'silent', reason: 'ECONNREFUSED' });
  });

  it('tells what speaks no HTTP from silence', async () => {
    const server = createServer((socket) => void socket.on('error', () => {}).end('SSH-2.0-OpenSSH\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    expect(await ask((server.address() as AddressInfo).port)).toMatchObject({ kind: 'bad' });
  });

  it('asks nobody with an address that is none, or a token that no header can carry', async () => {
    expect(await askMembership({ name: 'x', address: 'web2.example.org' }, { port: 1, token })).toMatchObject({
      kind: 'bad',
    });
    expect(await ask(1, { token: 'two\nlines' })).toEqual({
      kind: 'bad',
      reason: expect.stringContaining('http.token'),
    });
  });
});

describe('the port of the peers', () => {
  it('is that of http.listen', () => {
    expect([portOf('127.0.0.1:8460'), portOf('[::]:80')]).toEqual([8460, 80]);
  });
});
