import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { probeCommand } from '../../../src/monitor/probes/command.ts';
import { probeHttp } from '../../../src/monitor/probes/http.ts';
import { measure } from '../../../src/monitor/probes/measure.ts';
import { pingAll, pingOne } from '../../../src/monitor/probes/ping.ts';
import { probeTcp } from '../../../src/monitor/probes/tcp.ts';

const path = process.env['PATH'] ?? '/usr/bin:/bin';
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regrow-probe-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function listening(server: Server | HttpServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return (address as AddressInfo).port;
}

async function program(name: string, script: string): Promise<void> {
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, name), 0o755);
}

describe('ping', () => {
  it('knows for each of many addresses whether it answers, with one process', async () => {
    const results = await pingAll(['127.0.0.1', '127.0.0.2', '::1'], { timeoutMs: 3000, path });
    expect([...results.values()].map(({ status }) => status)).toEqual(['ok', 'ok', 'ok']);
  });

  it('counts silence as failed, and an answer with its latency as ok', async () => {
    await program(
      'fping',
      'cat >/dev/null; echo "10.0.0.1 is alive (1.25 ms)"; echo "10.0.0.2 is unreachable"; exit 1',
    );
    const results = await pingAll(['10.0.0.1', '10.0.0.2'], { timeoutMs: 300, path: `${folder}:${path}` });
    expect(results.get('10.0.0.1')).toEqual({ status: 'ok', latencyMs: 1.25, detail: 'answers' });
    expect(results.get('10.0.0.2')).toMatchObject({ status: 'failed' });
  });

  it.each([
    [
      'it could not send',
      'echo "10.0.0.2: error while sending ping: Network is unreachable" >&2; exit 1',
      'Network is unreachable',
    ],
    [
      'fping has no permission',
      'echo "fping: can\'t create socket (must run as root?)" >&2; exit 4',
      "can't create socket",
    ],
    ['fping dies', 'kill -9 $$', 'fping failed'],
  ])('is unknown when %s', async (_, script, detail) => {
    await program('fping', `cat >/dev/null; ${script}`);
    const result = await pingOne('10.0.0.2', { timeoutMs: 300, path: `${folder}:${path}` });
    expect(result).toMatchObject({ status: 'unknown', detail: expect.stringContaining(detail) });
  });

  it('is unknown when fping is not there, or the address is not known or none', async () => {
    expect(await pingOne('10.0.0.2', { timeoutMs: 300, path: folder })).toMatchObject({
      status: 'unknown',
      detail: 'fping is not installed',
    });
    expect(await pingOne(undefined, { timeoutMs: 300, path })).toMatchObject({ status: 'unknown' });
    expect(await pingOne('--help', { timeoutMs: 300, path })).toMatchObject({
      status: 'unknown',
      detail: 'not an IP address',
    });
  });
});

describe('tcp', () => {
  it('is ok when the port accepts, and failed when it refuses', async () => {
    const server = createServer((socket) => socket.destroy());
    const port = await listening(server);
    expect(await probeTcp('127.0.0.1', port, 2000)).toMatchObject({ status: 'ok' });
    server.close();
    await once(server, 'close');
    expect(await probeTcp('127.0.0.1', port, 2000)).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('is unknown when this machine has no way there, or nobody knows the address', async () => {
    expect(await probeTcp('255.255.255.255', 9, 2000)).toMatchObject({ status: 'unknown' });
    expect(await probeTcp(undefined, 9, 2000)).toMatchObject({ status: 'unknown', latencyMs: null });
  });
});

describe('http', () => {
  let server: HttpServer | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });
  const page = async (listener: RequestListener): Promise<string> => {
    server = createHttpServer(listener);
    return `http://127.0.0.1:${await listening(server)}/`;
  };
  const expected = { status: null, text: null, validateCerts: true, timeoutMs: 2000 };

  it('is ok for a page with a good status', async () => {
    const url = await page((_, response) => response.end('It works!'));
    expect(await probeHttp({ ...expected, url })).toMatchObject({ status: 'ok', detail: 'status 200' });
    expect(await probeHttp({ ...expected, url, text: 'works' })).toMatchObject({ status: 'ok' });
  });

  it('is failed for another status or another text', async () => {
    const url = await page((_, response) => response.writeHead(503).end('busy'));
    expect(await probeHttp({ ...expected, url })).toMatchObject({ status: 'failed', detail: 'status 503' });
    expect(await probeHttp({ ...expected, url, status: [503] })).toMatchObject({ status: 'ok' });
    expect(await probeHttp({ ...expected, url, status: [503], text: 'works' })).toMatchObject({
      status: 'failed',
      detail: 'the page does not hold the text',
    });
  });

  it('finds a text that comes in two pieces', async () => {
    const url = await page((_, response) => {
      response.write('It wo', () => response.end('rks!'));
    });
    expect(await probeHttp({ ...expected, url, text: 'It works' })).toMatchObject({ status: 'ok' });
  });

  it('is failed when the page is not complete within the timeout, and leaves no connection', async () => {
    const url = await page((_, response) => response.write('never ends'));
    const closed = new Promise((resolve) => server?.on('connection', (socket) => socket.on('close', resolve)));
    expect(await probeHttp({ ...expected, url, timeoutMs: 100 })).toMatchObject({ status: 'failed' });
    await closed;
  });

  it('is failed when the connection breaks or is refused, and unknown when the name cannot be found', async () => {
    const url = await page((request) => request.socket.destroy());
    expect(await probeHttp({ ...expected, url })).toMatchObject({ status: 'failed' });
    expect(await probeHttp({ ...expected, url: 'http://no-such-name.invalid/' })).toMatchObject({ status: 'unknown' });
  });

  it('does not read an endless page', async () => {
    const url = await page((_, response) => {
      const more = (error?: Error | null): void => {
        if (!error && !response.destroyed) response.write('x'.repeat(65_536), more);
      };
      more();
    });
    expect(await probeHttp({ ...expected, url, text: 'y', timeoutMs: 10_000 })).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('first MiB'),
    });
  });
});

describe('command', () => {
  const env = { PATH: path };
  it('is ok for exit status 0 and failed for another, with the last line it said', async () => {
    expect(await probeCommand({ argv: ['true'], env, timeoutMs: 2000 })).toMatchObject({ status: 'ok' });
    expect(
      await probeCommand({ argv: ['sh', '-c', 'echo one; echo two >&2; exit 7'], env, timeoutMs: 2000 }),
    ).toMatchObject({
      status: 'failed',
      detail: 'exit status 7: two',
    });
  });

  it('gets its own environment and no other', async () => {
    const result = await probeCommand({ argv: ['sh', '-c', 'echo "${HOME-none}"'], env, timeoutMs: 2000 });
    expect(result.detail).toBe('exit status 0: none');
  });

  it('is unknown when it cannot be started, or somebody kills it', async () => {
    expect(await probeCommand({ argv: [join(folder, 'none')], env, timeoutMs: 2000 })).toMatchObject({
      status: 'unknown',
    });
    expect(await probeCommand({ argv: ['sh', '-c', 'kill -9 $$'], env, timeoutMs: 2000 })).toMatchObject({
      status: 'unknown',
      detail: 'the command was ended by SIGKILL',
    });
  });

  it('is killed with all that it started when it still runs at its timeout', async () => {
    const pids = join(folder, 'pids');
    const script = `(sleep 600 & echo $! >>${pids}; wait) & echo $$ >>${pids}; wait`;
    const result = await probeCommand({ argv: ['sh', '-c', script], env, timeoutMs: 400 });
    expect(result).toMatchObject({ status: 'failed', detail: 'still running after 400 ms, killed' });
    const started = (await readFile(pids, 'utf8')).trim().split('\n').map(Number);
    expect(started).toHaveLength(2);
    for (const pid of started) await expect.poll(() => stateOf(pid)).toMatch(/^(gone|Z)$/);
  });

  it('does not wait for something that left its group and holds its output', async () => {
    const pid = join(folder, 'pid');
    const started = performance.now();
    await probeCommand({ argv: ['sh', '-c', `setsid sleep 30 & echo $! >${pid}; exit 0`], env, timeoutMs: 5000 });
    expect(performance.now() - started).toBeLessThan(4000);
    process.kill(Number(await readFile(pid, 'utf8')));
  });
});

async function stateOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.split(') ')[1]?.[0] ?? 'gone';
}

describe('a measurement of a check', () => {
  const timing = {
    interval: 1000,
    timeout: 1000,
    failures: 1,
    successes: 1,
    on_failure: 'alert',
    ignore_heartbeat: false,
    restore_attempts: 2,
    // oxlint-disable-next-line unicorn/no-thenable
    then: 'alert',
  } as const;

  it('fills the node into the command', async () => {
    const check = { type: 'command', command: ['echo', '{{ name }} at {{ address }}'], ...timing } as const;
    const result = await measure(check, { name: 'web1', address: '10.0.0.1' }, { path });
    expect(result).toMatchObject({ status: 'ok', detail: 'exit status 0: web1 at 10.0.0.1' });
  });

  it('needs an address only where the check asks for one', async () => {
    const target = { name: 'web1', address: undefined };
    expect(
      await measure({ type: 'command', command: ['echo', '{{ name }}'], ...timing }, target, { path }),
    ).toMatchObject({ status: 'ok' });
    expect(
      await measure({ type: 'command', command: ['echo', '{{ address }}'], ...timing }, target, { path }),
    ).toMatchObject({ status: 'unknown', detail: 'no address is known' });
  });
});
