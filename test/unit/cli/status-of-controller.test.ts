import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { PoolReport } from '../../../src/pool/report.ts';
import { Machine, nobody } from '../cli-read/surroundings.ts';
import { served } from '../http/fake-controller.ts';
import { nodeReport, poolReport } from '../http/sample-report.ts';

/** A machine on which a controller reports this. */
async function machineWith(report: PoolReport): Promise<Machine> {
  const { url } = await served({ report: () => report });
  return new Machine({ listen: new URL(url).host });
}

/** Something that answers every request so. */
async function answering(status: number, body: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const degraded = poolReport({
  nodes: [nodeReport('webbox1'), nodeReport('webbox2', { state: 'faulted', why: 'ping' })],
});

describe('regrow status, where a controller runs', () => {
  it('shows what it reports, without a journal or vCenter', async () => {
    const end = await (await machineWith(poolReport())).regrow(['status']);
    expect(end).toMatchObject({ exitCode: 0, stderr: '' });
    expect(end.stdout.split('\n')).toEqual([
      '3 of 3 nodes of web healthy',
      '',
      'NODE     STATE      ADDRESS     VM    SINCE     FAILED  WHY',
      'webbox1  + healthy  10.77.0.51  vm-1  60 m ago  -',
      'webbox2  + healthy  10.77.0.51  vm-1  60 m ago  -',
      'webbox3  + healthy  10.77.0.51  vm-1  60 m ago  -',
      '',
      'vCenter read 5 s ago; controller webbox1, version 0.1.0, up 2 h 00 m',
      '',
    ]);
  });

  it('exits with 3 when the pool is degraded', async () => {
    const end = await (await machineWith(degraded)).regrow(['status']);
    expect(end).toMatchObject({ exitCode: 3, stderr: '', stdout: expect.stringContaining('1 of 2 nodes') });
  });

  it('answers programs with the very report', async () => {
    const machine = await machineWith(degraded);
    expect(JSON.parse((await machine.regrow(['status', '--json'])).stdout)).toEqual(degraded);
  });

  it('shows a state that a newer controller knows', async () => {
    const newer = JSON.parse(JSON.stringify(poolReport()).replaceAll('"healthy","why"', '"frozen","why"'));
    const end = await (await machineWith(newer)).regrow(['status']);
    expect(end.stdout).toContain('? frozen');
  });

  it('does not need a configuration that is right in all', async () => {
    const machine = await machineWith(poolReport());
    const { url } = await served({ report: () => poolReport() });
    writeFileSync(machine.configPath, `pool: {name: web}\nnonsense: 1\nhttp: {listen: '${new URL(url).host}'}\n`);
    expect(await machine.regrow(['status'])).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

describe('regrow status, where something else answers', () => {
  it('does not take the pool of another controller for its own', async () => {
    const end = await (await machineWith(poolReport({ pool: 'db' }))).regrow(['status', '--no-refresh']);
    expect(end.stderr).toContain('is a controller of the pool db');
    expect(end.stdout).toContain('0 of 3 nodes of web healthy');
    expect(end.exitCode).toBe(3);
  });

  it.each([
    ['an error', 500, '{}', 'it answers 500'],
    ['a page', 200, '<html>', 'is no controller'],
    ['other data', 200, '{"pool":"web","nodes":[]}', 'is no controller of this version'],
    [
      'half a report',
      200,
      JSON.stringify({ ...poolReport(), nodes: [{ name: 'x' }] }),
      'no controller of this version',
    ],
  ])('says why it shows the journal instead of %s', async (_, status, body, reason) => {
    const machine = new Machine({ listen: await answering(status, body) });
    const end = await machine.regrow(['status', '--no-refresh']);
    expect(end.stderr).toContain(reason);
    expect(end.stdout).toContain('never seen in vCenter');
  });

  it('says nothing of a controller where none runs', async () => {
    const end = await new Machine().regrow(['status', '--no-refresh']);
    expect(end.stderr).not.toContain('controller');
  });
});

describe('regrow status --server', () => {
  it('asks another controller, whatever its pool is called', async () => {
    const { url } = await served({ report: () => poolReport({ pool: 'db' }) });
    for (const server of [url, `${url}/`, new URL(url).host]) {
      const end = await new Machine().regrow(['status', '--server', server]);
      expect(end).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('3 of 3 nodes of db') });
    }
  });

  it.each([
    ['nobody is there', async () => nobody, 'ECONNREFUSED'],
    ['something else is there', () => answering(200, '[]'), 'no controller'],
  ])('exits with 8 when %s', async (_, server, reason) => {
    const end = await new Machine().regrow(['status', '--server', await server()]);
    expect(end).toMatchObject({ exitCode: 8, stdout: '' });
    expect(end.stderr).toContain(reason);
    expect(end.stderr).toContain('what to do:');
    expect((await new Machine().regrow(['status', '--watch', '--server', await server()])).exitCode).toBe(8);
  });

  it.each(['ftp://x', 'http://user:secret@x', 'http://x/v1/status', 'a b', ''])('refuses %j', async (server) => {
    const end = await new Machine().regrow(['status', '--server', server]);
    expect(end).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('Expected a URL') });
  });

  it('refuses to watch in a form for programs', async () => {
    const end = await new Machine().regrow(['status', '--watch', '--json']);
    expect(end).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no json or yaml form') });
  });
});
