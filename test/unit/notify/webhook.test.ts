import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { secretValues } from '../../../src/config/secret-refs.ts';
import { postWebhook } from '../../../src/notify/webhook.ts';
import { configOf, minimalText } from '../config/sample.ts';
import { silentServer } from './mail-server.ts';
import { message, notice } from './settings.ts';

interface Posted {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly path: string | undefined;
}

/** A receiver on loopback that answers with a status, ended with the test. */
async function receiver(status = 204): Promise<{ readonly url: string; readonly posted: readonly Posted[] }> {
  const posted: Posted[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      posted.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8'), path: request.url });
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, posted };
}

const at = (): { now: Date; signal: AbortSignal } => ({
  now: new Date('2026-01-01T10:00:00.900Z'),
  signal: new AbortController().signal,
});
const post = (url: string, secret: string | null = 'hunter2') =>
  postWebhook(message(), { url, secret, version: '1.2.3' }, at());

/** As a receiver checks it that knows the rules of Standard Webhooks, and nothing of regrow. */
function isSigned({ headers, body }: Posted, key: string | Buffer): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers;
  const expected = createHmac('sha256', key)
    .update(`${String(id)}.${String(timestamp)}.${body}`)
    .digest('base64');
  return signature === `v1,${expected}`;
}

describe('a webhook', () => {
  it('gets the message as JSON, with an id, a time, and a signature over all three', async () => {
    const { url, posted } = await receiver();
    expect(await post(url)).toEqual({ kind: 'told', detail: 'HTTP 204' });
    const [first] = posted;
    if (first === undefined) throw new Error('nothing came');
    expect(first.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'regrow/1.2.3',
      'webhook-id': message().id,
      'webhook-timestamp': '1767261600',
    });
    expect(JSON.parse(first.body)).toEqual({
      id: message().id,
      text: 'webbox3: fault opened: ping failed',
      events: [notice()],
    });
    expect(isSigned(first, 'hunter2')).toBe(true);
    expect(isSigned({ ...first, body: first.body.replace('webbox3', 'webbox2') }, 'hunter2')).toBe(false);
    expect(isSigned(first, 'hunter3')).toBe(false);
  });

  it('takes a secret of the form whsec_ as base64, and signs nothing without one', async () => {
    const { url, posted } = await receiver();
    await post(url, `whsec_${Buffer.from('the key').toString('base64')}`);
    await post(url, null);
    expect(posted[0] && isSigned(posted[0], Buffer.from('the key'))).toBe(true);
    expect(posted[1]?.headers['webhook-signature']).toBeUndefined();
  });

  it.each([302, 401, 410, 429, 500])('has not taken it when it answers %i', async (status) => {
    const { url, posted } = await receiver(status);
    expect(await post(url)).toEqual({ kind: 'failed', reason: `it answered HTTP ${status}` });
    expect(posted.map(({ path }) => path)).toEqual(['/hook']);
  });

  it('that is not there or says nothing fails, and its URL is in no reason', async () => {
    const { url } = await receiver();
    const gone = await post(url.replace(/:\d+\/hook/, ':1/T0/hunter2'));
    expect(gone).toEqual({ kind: 'failed', reason: expect.not.stringContaining('hunter2') });
    const { port } = await silentServer();
    const ending = new AbortController();
    const target = { url: `http://127.0.0.1:${port}/`, secret: null, version: '1' };
    const posting = postWebhook(message(), target, { ...at(), signal: ending.signal });
    ending.abort();
    expect(await posting).toMatchObject({ kind: 'failed' });
  });
});

it('keeps the key in a URL, and the passwords of both channels, among the secrets', async () => {
  const text = `${minimalText}notify:
  mail: {smtp: "smtp://m", from: a@b.c, to: [d@e.f], user: u, password: {env: MAIL}}
  webhook: {url: "https://hooks.example.org/T0/B0/hunter2", secret: {env: HOOK}}
`;
  const values = await secretValues(configOf(text), { MAIL: 'hunter3', HOOK: 'hunter4' });
  expect(values).toEqual(expect.arrayContaining(['/T0/B0/hunter2', 'hunter3', 'hunter4']));
});
