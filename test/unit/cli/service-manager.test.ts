import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serviceManager, watchdogInterval } from '../../../src/cli/service-manager.ts';

/** What a service manager does: takes datagrams, and closes the file that comes with a barrier. Prints each as a line of JSON. */
const receiver = `
import json, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('ready', flush=True)
while True:
    data, files, _, _ = socket.recv_fds(s, 4096, 4)
    for file in files:
        os.close(file)
    if data != b'BARRIER=1':
        print(json.dumps(data.decode().split('\\n')), flush=True)
`;

const { PATH } = process.env;

/** A socket that is listened on, and the messages that come in. */
async function manager(): Promise<{ readonly socket: string; readonly next: () => Promise<readonly string[]> }> {
  const folder = mkdtempSync(join(tmpdir(), 'regrow-notify-'));
  const socket = join(folder, 'socket');
  const process = spawn('python3', ['-c', receiver, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    process.kill('SIGKILL');
    if (process.exitCode === null && process.signalCode === null) await once(process, 'exit');
    rmSync(folder, { recursive: true });
  });
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe('ready');
  return { socket, next: async () => JSON.parse((await lines.next()).value ?? 'null') };
}

const noTrouble = (reason: string): never => {
  throw new Error(reason);
};

describe('the service manager', () => {
  it('is told everything in its order, in the name of this process', async () => {
    const { socket, next } = await manager();
    const told = serviceManager({ env: { PATH, NOTIFY_SOCKET: socket }, onTrouble: noTrouble });
    const sent = [
      told.ready('3 of 3 nodes healthy'),
      told.watchdog(),
      told.reloading(),
      told.ready('again'),
      told.status('web: webbox2 is\nrebuilt'),
      told.stopping('done'),
    ];
    const main = `MAINPID=${process.pid}`;
    expect(await next()).toEqual([main, 'READY=1', 'STATUS=3 of 3 nodes healthy']);
    expect(await next()).toEqual([main, 'WATCHDOG=1']);
    expect(await next()).toEqual([main, 'RELOADING=1', expect.stringMatching(/^MONOTONIC_USEC=\d+$/)]);
    expect(await next()).toEqual([main, 'READY=1', 'STATUS=again']);
    expect(await next()).toEqual([main, 'STATUS=web: webbox2 is rebuilt']);
    expect(await next()).toEqual([main, 'STOPPING=1', 'STATUS=done']);
    await Promise.all(sent);
  });

  it('gets one sign of life when several wait for their turn', async () => {
    const { socket, next } = await manager();
    const told = serviceManager({ env: { PATH, NOTIFY_SOCKET: socket }, onTrouble: noTrouble });
    await Promise.all([told.watchdog(), told.watchdog(), told.watchdog(), told.stopping('')]);
    expect((await next()).slice(1)).toEqual(['WATCHDOG=1']);
    expect((await next()).slice(1)).toEqual(['STOPPING=1', 'STATUS=']);
    await told.watchdog();
    expect((await next()).slice(1)).toEqual(['WATCHDOG=1']);
  });

  it('is told nothing when there is none', async () => {
    const troubles: string[] = [];
    const told = serviceManager({ env: { PATH: '/nonexistent' }, onTrouble: (reason) => void troubles.push(reason) });
    await told.ready('x');
    expect(troubles).toEqual([]);
  });

  it('is done without, after one word, when systemd-notify is not installed or fails', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'regrow-path-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const troublesWith = async (path: string | undefined): Promise<readonly string[]> => {
      const troubles: string[] = [];
      const env = { PATH: path, NOTIFY_SOCKET: join(folder, 'nobody') };
      const told = serviceManager({ env, onTrouble: (reason) => void troubles.push(reason) });
      await told.ready('x');
      await told.watchdog();
      await told.stopping('x');
      return troubles;
    };
    expect(await troublesWith(folder)).toEqual(['the program systemd-notify is not installed']);
    expect(await troublesWith(PATH)).toEqual([expect.stringContaining('Failed to notify')]);
    symlinkSync('/bin/false', join(folder, 'systemd-notify'));
    expect(await troublesWith(folder)).toEqual([expect.stringMatching(/^systemd-notify: .*1/)]);
  });
});

describe('the watchdog', () => {
  it.each([
    [{}, undefined],
    [{ WATCHDOG_USEC: '30000000' }, 15_000],
    [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: String(process.pid) }, 15_000],
    [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '1' }, undefined],
    [{ WATCHDOG_USEC: '0' }, undefined],
    [{ WATCHDOG_USEC: 'soon' }, undefined],
    [{ WATCHDOG_USEC: '' }, undefined],
  ])('with %j wants a sign of life every %s ms', (env, ms) => {
    expect(watchdogInterval(env)).toBe(ms);
  });
});
