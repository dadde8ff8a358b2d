import { spawn } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { identifyProcess } from '../../../src/ansible/process.ts';
import { Machine } from '../cli-read/surroundings.ts';

const daemonCode = `process.on('SIGHUP', () => console.log('HUP')); setInterval(() => {}, 1e6); console.log('ready');`;

/** A process that is the machine's daemon by its lock, and does this when it is told to reload. */
async function daemonOf(machine: Machine, onReload: () => void): Promise<number> {
  const daemon = spawn(process.execPath, ['-e', daemonCode], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    daemon.kill('SIGKILL');
    if (daemon.exitCode === null && daemon.signalCode === null) await once(daemon, 'exit');
  });
  const lines = createInterface({ input: daemon.stdout });
  await once(lines, 'line');
  lines.on('line', onReload);
  const identity = identifyProcess(daemon.pid ?? 0);
  writeLock(machine, { pid: identity?.pid, start_time: identity?.startTime, boot_id: identity?.bootId, since: 'x' });
  return identity?.pid ?? 0;
}

function writeLock(machine: Machine, lock: object): void {
  writeFileSync(join(machine.stateDir, 'daemon.lock'), JSON.stringify(lock));
}

const told = (machine: Machine, type: string, data: Readonly<Record<string, unknown>>): void =>
  void machine.journal.events.append({ at: 't', type, data });

describe('regrow config reload', () => {
  it('tells that the controller goes by the file now', async () => {
    const machine = new Machine();
    told(machine, 'config.rejected', { problems: ['an old one'] });
    const pid = await daemonOf(machine, () => {
      told(machine, 'check.suspect', {});
      told(machine, 'config.reloaded', { nodes: ['webbox1', 'webbox2'] });
    });
    const end = await machine.regrow(['config', 'reload']);
    expect(end.stdout).toBe(
      `ok: the controller (process ${pid}) goes by ${machine.configPath} (nodes: webbox1, webbox2)\n`,
    );
    expect(end.exitCode).toBe(0);
    const again = await machine.regrow(['config', 'reload', '--json']);
    expect(JSON.parse(again.stdout)).toEqual({ pid, reloaded: true, nodes: ['webbox1', 'webbox2'], problems: [] });
  });

  it('tells why the controller did not take it, and ends with 2', async () => {
    const machine = new Machine();
    const problems = ['state_dir cannot change', { path: 'http.listen', message: 'EADDRINUSE' }];
    await daemonOf(machine, () => told(machine, 'config.rejected', { problems }));
    const end = await machine.regrow(['config', 'reload']);
    expect(end.exitCode).toBe(2);
    expect(end.stdout).toMatch(/^rejected: .*\n {2}state_dir cannot change\n {2}http\.listen: EADDRINUSE\n$/);
  });

  it('takes the reason also as one text', async () => {
    const machine = new Machine();
    await daemonOf(machine, () => told(machine, 'config.rejected', { problems: 'two problems:\n3:1: self' }));
    expect(JSON.parse((await machine.regrow(['config', 'reload', '--json'])).stdout)).toMatchObject({
      reloaded: false,
      problems: ['two problems:', '3:1: self'],
    });
  });

  it('sends nothing when the file has problems', async () => {
    const machine = new Machine();
    let signals = 0;
    await daemonOf(machine, () => {
      signals += 1;
      told(machine, 'config.reloaded', {});
    });
    const good = await machine.regrow(['config', 'reload']);
    expect(good.exitCode).toBe(0);
    appendFileSync(machine.configPath, 'slef: auto\n');
    const end = await machine.regrow(['config', 'reload']);
    expect(end).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('slef: unknown key') });
    expect(signals).toBe(1);
    expect(machine.journal.events.lastId()).toBe(1);
  });

  it('ends with 8 when no controller runs, whatever a dead one has left', async () => {
    const machine = new Machine();
    const none = { exitCode: 8, stdout: '', stderr: expect.stringContaining('No controller runs here') };
    expect(await machine.regrow(['config', 'reload'])).toMatchObject(none);
    const self = identifyProcess(process.pid);
    const lock = { pid: process.pid, start_time: self?.startTime, boot_id: self?.bootId, since: 'x' };
    for (const dead of [{ ...lock, start_time: 1 }, { ...lock, boot_id: 'other' }, { ...lock, pid: -1 }, {}]) {
      writeLock(machine, dead);
      expect(await machine.regrow(['config', 'reload'])).toMatchObject(none);
    }
  });
});
