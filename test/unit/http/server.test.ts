import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startHttpServer } from '../../../src/http/server.ts';
import { ask, controllerView, served, type HttpAnswer } from './fake-controller.ts';
import { nodeReport, poolReport } from './sample-report.ts';

const problemType = 'application/problem+json';

describe('the state of the pool', () => {
  it('is told whole, by list and by node', async () => {
    const report = poolReport({ nodes: [nodeReport('webbox1'), nodeReport('webbox2', { state: 'suspect' })] });
    const { url } = await served({ report: () => report });
    expect(dataOf(await ask(url, '/v1/status'))).toEqual(report);
    expect(dataOf(await ask(url, '/v1/nodes'))).toEqual({ pool: 'web', at: report.at, nodes: report.nodes });
    expect(dataOf(await ask(url, '/v1/nodes/webbox2'))).toEqual(report.nodes[1]);
  });

  it('is a table for people at /status.txt, in which data cannot break a line', async () => {
    const node = nodeReport('webbox2', { state: 'held', why: 'max_unhealthy:\n2 of 3', paused: true, address: null });
    const pauses = [{ scope: 'node/webbox2', until: null, reason: 'disk', by: 'alice', at: '' }];
    const discovery = { ok: false, at: null, error: 'login refused' };
    const report = poolReport({ nodes: [nodeReport('webbox1'), node], pauses, discovery });
    const { url } = await served({ report: () => report });
    const answer = await ask(url, '/status.txt');
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(answer.text.split('\n')).toEqual([
      'NODE     STATE          ADDRESS     VM    SINCE                     WHY',
      'webbox1  healthy        10.77.0.51  vm-1  2026-01-01T09:00:00.000Z  -',
      'webbox2  held (paused)  -           vm-1  2026-01-01T09:00:00.000Z  max_unhealthy: 2 of 3',
      '',
      '1 of 2 nodes of web healthy, as webbox1 sees it at 2026-01-01T10:00:00.000Z',
      'paused: node/webbox2 by alice: disk',
      'vCenter is not read: login refused',
      '',
    ]);
  });

  it('has no node that the pool does not have', async () => {
    const { url } = await served();
    for (const path of ['/v1/nodes/webbox9', '/v1/nodes/__proto__', '/v1/nodes/'])
      expectProblem(await ask(url, path), 404);
    expectProblem(await ask(url, `/v1/nodes/${'x'.repeat(300)}`), 414);
  });
});

describe('health', () => {
  it('is told by /healthz and /readyz', async () => {
    const { url } = await served();
    expect(dataOf(await ask(url, '/healthz'))).toEqual({ status: 'ok', detail: 'last progress 0.2 s ago' });
    expect(dataOf(await ask(url, '/readyz'))).toEqual({ status: 'ok' });
  });

  it('is 503 with a reason when the scheduler stands still, or nothing is known yet', async () => {
    const { url } = await served({
      health: () => ({ ok: false, detail: 'no progress for 40 s' }),
      ready: () => ({ ok: false, reason: 'the first discovery is not over' }),
    });
    expect(expectProblem(await ask(url, '/healthz'), 503).detail).toBe('no progress for 40 s');
    expect(expectProblem(await ask(url, '/readyz'), 503).detail).toBe('the first discovery is not over');
  });
});

describe('what peers ask', () => {
  const paths = ['/v1/observations/webbox2', '/v1/membership', '/v1/image', '/v1/notifications'];
  const observation = {
    controller: 'webbox1',
    node: 'webbox2',
    vm: null,
    verdict: 'unhealthy',
    age_ms: 1200,
    trusted: true,
    holds: [],
    checks: [],
  } as const;
  const peers = {
    observation: (name: string) => (name === 'webbox2' ? observation : undefined),
    membership: () => ({ version: 7 }),
  };
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

  it('is told to those that have the token', async () => {
    const { url } = await served({ ...peers, token: async () => 'hunter2' });
    expect(dataOf(await ask(url, '/v1/observations/webbox2', bearer('hunter2')))).toEqual(observation);
    expect(dataOf(await ask(url, '/v1/membership', { headers: { authorization: 'bearer  hunter2' } }))).toEqual({
      version: 7,
    });
    expect(dataOf(await ask(url, '/v1/image', bearer('hunter2')))).toMatchObject({ version: '3f9a12c0d4e5' });
    expectProblem(await ask(url, '/v1/observations/webbox9', bearer('hunter2')), 404);
  });

  it.each(paths)('is refused with a challenge to those that have none, or another: %s', async (path) => {
    const { url } = await served({ ...peers, token: async () => 'hunter2' });
    const none = await ask(url, path);
    expectProblem(none, 401);
    expect(none.headers['www-authenticate']).toBe('Bearer realm="regrow"');
    for (const authorization of ['Bearer hunter', 'Bearer hunter22', 'Basic aHVudGVyMg==', 'hunter2', 'Bearer', '']) {
      const answer = await ask(url, path, { headers: { authorization } });
      expectProblem(answer, 401);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="regrow"/);
      expect(answer.text).not.toContain('hunter');
    }
  });

  it.each(paths)('is refused to everybody while no token is configured: %s', async (path) => {
    for (const token of [null, '']) {
      const { url } = await served({ ...peers, token: async () => token });
      expectProblem(await ask(url, path, bearer('')), 403);
      expectProblem(await ask(url, path, bearer('null')), 403);
    }
  });

  it('goes by the token of this moment', async () => {
    let token = 'old';
    const { url } = await served({ ...peers, token: async () => token });
    expect((await ask(url, '/v1/membership', bearer('old'))).status).toBe(200);
    token = 'new';
    expect((await ask(url, '/v1/membership', bearer('old'))).status).toBe(401);
    expect((await ask(url, '/v1/membership', bearer('new'))).status).toBe(200);
  });

  it.each(paths)('is refused as long as the token cannot be read, and the log tells why: %s', async (path) => {
    let isReadable = false;
    const server = await served({
      ...peers,
      token: async () => {
        if (!isReadable) throw new Error('/etc/regrow/token: EACCES');
        return 'x';
      },
    });
    const answer = await ask(server.url, path, bearer('x'));
    expect(expectProblem(answer, 503).detail).toContain('(http.token) cannot be read');
    expect(answer.text).not.toContain('/etc/regrow');
    expect(server.faults.map(String)).toEqual(['Error: /etc/regrow/token: EACCES']);
    isReadable = true;
    expect((await ask(server.url, path, bearer('x'))).status).toBe(200);
  });

  it('makes no exception of the limit for anybody while the token cannot be read', async () => {
    const token = async (): Promise<string> => {
      throw new Error('/etc/regrow/token: EACCES');
    };
    const { url } = await served({ token }, { perMinute: 10, isExempt: () => false });
    expect((await ask(url, '/v1/status', bearer('x'))).status).toBe(200);
    expectProblem(await ask(url, '/v1/status', bearer('x')), 429);
  });
});

describe('the server', () => {
  it('answers every problem as problem+json', async () => {
    const { url } = await served();
    expectProblem(await ask(url, '/nothing'), 404);
    expectProblem(await ask(url, '/v1/nodes/%ff'), 400);
    expectProblem(await ask(url, '/v1/status?x=1'), 400);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await ask(url, '/v1/status', { method, body: '<x', headers: { 'content-type': 'text/xml' } });
      expectProblem(answer, 405);
      expect(answer.headers['allow']).toBe('GET, HEAD');
    }
    expectProblem(await ask(url, '/v1/membership', { method: 'POST' }), 405);
    expectProblem(await ask(url, '/v1/status', { headers: { big: 'x'.repeat(20_000) } }), 431);
  });

  it('answers what is no HTTP, and goes on', async () => {
    const { url } = await served();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.setEncoding('utf8');
    let text = '';
    socket.on('data', (chunk: string) => (text += chunk));
    socket.write('\u0000\u0001 hello\r\n\r\n');
    await once(socket, 'close');
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain(problemType);
    expect((await ask(url, '/healthz')).status).toBe(200);
  });

  it('tells nothing of the inside when it fails, and tells the controller all', async () => {
    const fault = new Error('/var/lib/regrow/regrow.db: SQLITE_FULL');
    const server = await served({
      report: () => {
        throw fault;
      },
    });
    const answer = await ask(server.url, '/v1/status');
    expectProblem(answer, 500);
    expect(answer.text).not.toContain('regrow.db');
    expect(server.faults).toEqual([fault]);
  });

  it('lets no answer be framed, taken for a page, or kept without asking again', async () => {
    const { url } = await served();
    for (const path of ['/v1/status', '/status.txt', '/v1/membership', '/nothing', '/v1/nodes/%ff']) {
      const isForAll = path.includes('status');
      expect((await ask(url, path)).headers).toMatchObject({
        'cache-control': isForAll ? 'private, no-cache' : 'no-store',
        'content-security-policy': expect.stringContaining("default-src 'none'"),
        'x-content-type-options': 'nosniff',
      });
    }
  });

  it('answers HEAD without a body', async () => {
    const { url } = await served();
    expect(await ask(url, '/healthz', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });

  it.each([
    ['that sent nothing', ''],
    ['in the middle of a request', 'GET /healthz HTTP/1.1\r\nHost: x\r\n'],
    ['that is kept alive', 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('is closed although there is a connection %s', async (_, sent) => {
    const server = await startHttpServer({ listen: '127.0.0.1:0', view: controllerView(), onFault: () => {} });
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    socket.write(sent);
    if (sent.endsWith('\r\n\r\n')) await once(socket, 'data');
    const gone = once(socket, 'close');
    socket.resume();
    await server.close();
    await gone;
    await expect(ask(server.url, '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('says who to look for when its port is taken, and what is wrong with another address', async () => {
    const { url } = await served();
    const listenOn = (listen: string) => startHttpServer({ listen, view: controllerView(), onFault: () => {} });
    await expect(listenOn(new URL(url).host)).rejects.toMatchObject({
      code: 'HTTP_UNAVAILABLE',
      message: expect.stringContaining('EADDRINUSE'),
      remedy: expect.stringContaining(`sport = :${new URL(url).port}`),
    });
    await expect(listenOn('192.0.2.1:8460')).rejects.toMatchObject({
      code: 'HTTP_UNAVAILABLE',
      remedy: expect.stringContaining('does not have that address'),
    });
    await expect(listenOn('nonsense')).rejects.toMatchObject({ code: 'HTTP_UNAVAILABLE' });
  });
});

function dataOf(answer: HttpAnswer): unknown {
  expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/json; charset=utf-8' } });
  return JSON.parse(answer.text);
}

function expectProblem(answer: HttpAnswer, status: number): { readonly detail: string } {
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toContain(problemType);
  const problem = JSON.parse(answer.text);
  expect(problem).toEqual({ type: 'about:blank', title: expect.any(String), status, detail: expect.any(String) });
  return problem;
}
