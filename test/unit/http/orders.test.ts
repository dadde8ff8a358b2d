import { describe, expect, it } from 'vitest';
import type { ControllerOrders } from '../../../src/http/controller-orders.ts';
import { Idempotent } from '../../../src/http/idempotency.ts';
import type { OrderResult } from '../../../src/pool/order.ts';
import { temporaryJournal } from '../store/folders.ts';
import { ask, refusingOrders, served, type HttpAnswer } from './fake-controller.ts';

const problemType = /^application\/problem\+json/;
const paths = [
  '/v1/nodes/webbox2/rebuild',
  '/v1/nodes/webbox2/restore',
  '/v1/nodes/webbox2/pause',
  '/v1/nodes/webbox2/resume',
  '/v1/pause',
  '/v1/resume',
  '/v1/runs/r1/approve',
  '/v1/runs/r1/reject',
  '/v1/runs/r1/cancel',
] as const;

/** Orders that remember what they were told, and answer the same to all. */
function listener(result: OrderResult): ControllerOrders & { readonly heard: unknown[] } {
  const heard: unknown[] = [];
  const hear =
    (verb: string) =>
    async (...told: readonly unknown[]): Promise<OrderResult> => {
      heard.push([verb, ...told]);
      return result;
    };
  return {
    heard,
    rebuild: hear('rebuild'),
    restore: hear('restore'),
    pause: hear('pause'),
    resume: hear('resume'),
    approve: hear('approve'),
    reject: hear('reject'),
    cancel: hear('cancel'),
  };
}

const accepted: OrderResult = { kind: 'accepted', run: 'r1', node: 'webbox2', status: 'running', more: { since: 1 } };

async function servedWith(result: OrderResult = accepted) {
  const orders = listener(result);
  const { idempotency } = temporaryJournal();
  const server = await served({ orders, idempotent: new Idempotent(idempotency), token: async () => 'hunter2' });
  const post = (path: string, body?: unknown, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
    ask(server.url, path, {
      method: 'POST',
      headers: { authorization: 'Bearer hunter2', 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body),
    });
  return { ...server, orders, idempotency, post };
}

describe('an order', () => {
  it.each(paths)('is accepted with 202 and what came of it, without a body as well: %s', async (path) => {
    const { post, orders, url } = await servedWith();
    for (const answer of [
      await post(path, { reason: 'because' }),
      await post(path),
      await ask(url, path, { method: 'POST', headers: { authorization: 'Bearer hunter2' } }),
    ]) {
      expect(answer.status).toBe(202);
      expect(JSON.parse(answer.text)).toEqual({ run: 'r1', node: 'webbox2', status: 'running', since: 1 });
    }
    expect(orders.heard).toHaveLength(3);
  });

  it.each(paths)('is refused to whoever has no token, or another one, on loopback, too: %s', async (path) => {
    const { url, orders } = await servedWith();
    for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
      const answer = await ask(url, path, { method: 'POST', headers });
      expectProblem(answer, 401);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    }
    expect(orders.heard).toEqual([]);
  });

  it.each(paths)('is refused to everybody where no token is configured: %s', async (path) => {
    const { url } = await served({ orders: refusingOrders });
    expectProblem(await ask(url, path, { method: 'POST', headers: { authorization: 'Bearer x' } }), 403);
  });

  it.each(paths)('is no GET: %s', async (path) => {
    const { url } = await servedWith();
    const answer = await ask(url, path);
    expectProblem(answer, 405);
    expect(answer.headers['allow']).toBe('POST');
  });

  it.each<readonly [string, OrderResult, number, object]>([
    ['a node or run that is not known', { kind: 'unknown', message: 'no such run' }, 404, { detail: 'no such run' }],
    ['a busy machine', { kind: 'conflict', message: 'busy', facts: { run: 'r0' } }, 409, { facts: { run: 'r0' } }],
    [
      'a gate that holds',
      { kind: 'refused', gate: 'quorum', message: 'webbox1 sees it alive', facts: { needed: 2 } },
      422,
      { gate: 'quorum', message: 'webbox1 sees it alive', facts: { needed: 2 } },
    ],
  ])('tells of %s by its status', async (_, result, status, told) => {
    const { post } = await servedWith(result);
    expect(expectProblem(await post(paths[0]), status)).toMatchObject(told);
  });

  it('hands on what its body says', async () => {
    const { post, orders } = await servedWith();
    const wish = {
      reason: 'a test',
      by: 'alice',
      force: ['quorum'],
      dry_run: true,
      judged: 'vm-1/aa',
      confirm: 'webbox2',
    };
    await post('/v1/nodes/webbox2/rebuild', wish);
    await post('/v1/nodes/webbox2/pause', { for: '30m', reason: 'new\ndisk', by: 'alice', local: true });
    await post('/v1/pause');
    await post('/v1/resume', { reason: 'done' });
    await post('/v1/runs/r1/reject', { reason: 'not now', by: 'bob' });
    await post('/v1/nodes/webbox2/restore', { trigger: 'monit', by: 'Monit', reason: 'web' });
    const said = {
      reason: 'a test',
      by: 'alice',
      force: ['quorum'],
      isDryRun: true,
      judged: 'vm-1/aa',
      trigger: 'api',
    };
    const sender = 'somebody over HTTP';
    expect(orders.heard).toEqual([
      ['rebuild', 'webbox2', said],
      ['pause', { node: 'webbox2', forMs: 1_800_000, isLocal: true, reason: 'new disk', by: 'alice' }],
      ['pause', { node: null, forMs: null, isLocal: false, reason: '', by: sender }],
      ['resume', { node: null, isLocal: false, reason: 'done', by: sender }],
      ['reject', 'r1', { reason: 'not now', by: 'bob' }],
      ['restore', 'webbox2', { trigger: 'monit', by: 'Monit', reason: 'web' }],
    ]);
  });

  it.each<readonly [string, string, unknown]>([
    ['no JSON', paths[0], '{'],
    ['no object', paths[0], [1]],
    ['a key that it does not know', paths[0], { froce: ['quorum'] }],
    ['a trigger that it does not know', paths[1], { trigger: 'monitor' }],
    ['a wrong type', paths[0], { force: 'quorum' }],
    ['a time without a unit', '/v1/pause', { for: '30' }],
    ['a time beyond a year', '/v1/pause', { for: '9999d' }],
    ['a query', `${paths[0]}?reason=x`, {}],
  ])('with %s is refused with 400, and nothing is done', async (_, path, body) => {
    const { post, orders } = await servedWith();
    expectProblem(await post(path, body), 400);
    expect(orders.heard).toEqual([]);
  });

  it('that does not name its node again, or comes in another form, is refused', async () => {
    const { post, orders } = await servedWith();
    expect(expectProblem(await post(paths[0], { confirm: 'webbox1' }), 422)).toMatchObject({ gate: 'confirmation' });
    expectProblem(await post(paths[0], 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }), 415);
    expectProblem(await post(paths[0], 'x'.repeat(20_000)), 413);
    expect(orders.heard).toEqual([]);
  });

  it('that fails inside tells nothing of it', async () => {
    const server = await served({
      orders: {
        ...refusingOrders,
        cancel: async () => {
          throw new Error('secret');
        },
      },
      token: async () => 'hunter2',
    });
    const headers = { authorization: 'Bearer hunter2' };
    const answer = await ask(server.url, '/v1/runs/r1/cancel', { method: 'POST', headers });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret');
    expect(server.faults).toHaveLength(1);
  });
});

describe('a request with an Idempotency-Key', () => {
  const key = { 'idempotency-key': 'k1' };

  it('is done once, and gets the same answer again, whatever the order of its keys', async () => {
    const { post, orders } = await servedWith();
    const first = await post(paths[0], { reason: 'a', by: 'alice' }, key);
    const again = await post(paths[0], { by: 'alice', reason: 'a' }, key);
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    await post(paths[0], { reason: 'a', by: 'alice' }, { 'idempotency-key': 'k2' });
    expect(orders.heard).toHaveLength(2);
  });

  it('gets the same refusal again, in the same form', async () => {
    const { post, orders } = await servedWith({ kind: 'refused', gate: 'quorum', message: 'no', facts: {} });
    await post(paths[0], {}, key);
    expect(expectProblem(await post(paths[0], {}, key), 422)).toMatchObject({ gate: 'quorum' });
    expect(orders.heard).toHaveLength(1);
  });

  it('is refused with another request', async () => {
    const { post, orders } = await servedWith();
    await post(paths[0], {}, key);
    expectProblem(await post(paths[0], { reason: 'other' }, key), 422);
    expectProblem(await post('/v1/nodes/webbox1/rebuild', {}, key), 422);
    expect(orders.heard).toHaveLength(1);
  });

  it('that comes twice at once is done once', async () => {
    const { post, orders } = await servedWith();
    const answers = await Promise.all([post(paths[0], {}, key), post(paths[0], {}, key)]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    expect(orders.heard).toHaveLength(1);
  });

  it('is remembered over a restart, and not done again when its end is not known', async () => {
    const { post, idempotency, orders } = await servedWith();
    const first = await post(paths[0], {}, key);
    const next = listener(accepted);
    const { url } = await served({
      orders: next,
      idempotent: new Idempotent(idempotency),
      token: async () => 'hunter2',
    });
    const again = (name: string): Promise<HttpAnswer> =>
      ask(url, paths[0], { method: 'POST', headers: { authorization: 'Bearer hunter2', 'idempotency-key': name } });
    expect((await again('k1')).text).toBe(first.text);
    const [digest] = [idempotency.begin('k1', '', new Date().toISOString())?.request ?? ''];
    idempotency.begin('cut', digest, new Date().toISOString());
    expectProblem(await again('cut'), 409);
    expect([orders.heard.length, next.heard.length]).toEqual([1, 0]);
  });

  it('is not done again when it was done and its answer could not be written down', async () => {
    const { idempotency } = temporaryJournal();
    let isFull = true;
    const finish = (name: string, answer: string): void => {
      if (isFull) throw new Error('the disk is full');
      idempotency.finish(name, answer);
    };
    const orders = listener(accepted);
    const idempotent = new Idempotent({ ...idempotency, finish });
    const { url, faults } = await served({ orders, idempotent, token: async () => 'hunter2' });
    const headers = { authorization: 'Bearer hunter2', ...key };
    expectProblem(await ask(url, paths[0], { method: 'POST', headers }), 500);
    isFull = false;
    expectProblem(await ask(url, paths[0], { method: 'POST', headers }), 409);
    expect([orders.heard.length, faults.length]).toEqual([1, 1]);
  });

  it('is done when it comes again after it could not be done', async () => {
    const { idempotency } = temporaryJournal();
    const orders = listener(accepted);
    let isBroken = true;
    const rebuild: ControllerOrders['rebuild'] = async (...told) => {
      if (isBroken) throw new Error('broken');
      return orders.rebuild(...told);
    };
    const idempotent = new Idempotent(idempotency);
    const { url } = await served({ orders: { ...orders, rebuild }, idempotent, token: async () => 'hunter2' });
    const headers = { authorization: 'Bearer hunter2', ...key };
    expectProblem(await ask(url, paths[0], { method: 'POST', headers }), 500);
    isBroken = false;
    expect((await ask(url, paths[0], { method: 'POST', headers })).status).toBe(202);
    expect(orders.heard).toHaveLength(1);
  });

  it('is forgotten after a day, and when it failed inside', () => {
    const { idempotency } = temporaryJournal();
    idempotency.begin('k', 'a', '2026-01-01T00:00:00.000Z');
    idempotency.finish('k', 'answer');
    expect(idempotency.begin('k', 'b', '2026-01-01T23:59:00.000Z')).toEqual({ request: 'a', answer: 'answer' });
    expect(idempotency.begin('k', 'b', '2026-01-02T00:00:01.000Z')).toBeUndefined();
    idempotency.drop('k');
    expect(idempotency.begin('k', 'c', '2026-01-02T00:00:02.000Z')).toBeUndefined();
  });

  it('is one of a thousand at most', () => {
    const { idempotency } = temporaryJournal();
    const at = (n: number): string => new Date(Date.UTC(2026, 0, 1) + n).toISOString();
    for (let n = 0; n <= 1_000; n++) idempotency.begin(`k${n}`, 'a', at(n));
    expect(idempotency.begin('k1000', 'a', at(1_001))).toBeDefined();
    expect(idempotency.begin('k0', 'a', at(1_002))).toBeUndefined();
  });

  it('with a bad key is refused', async () => {
    const { post } = await servedWith();
    expectProblem(await post(paths[0], {}, { 'idempotency-key': 'a b' }), 400);
    expectProblem(await post(paths[0], {}, { 'idempotency-key': 'x'.repeat(201) }), 400);
  });
});

function expectProblem(answer: HttpAnswer, status: number): Record<string, unknown> {
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toMatch(problemType);
  const body = JSON.parse(answer.text);
  expect(body).toMatchObject({ type: 'about:blank', status });
  return body;
}
