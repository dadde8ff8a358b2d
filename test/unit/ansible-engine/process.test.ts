import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ageMs, bootId, identifyProcess, isAlive, liveProcesses, sweep } from '../../../src/ansible/process.ts';
import { newRunId } from '../../../src/ansible/run-id.ts';

const runs: string[] = [];
afterEach(async () => {
  for (const id of runs.splice(0)) await sweep(id);
});

function start(script: string, id = newRunId()): { id: string; child: ReturnType<typeof spawn> } {
  runs.push(id);
  const env = { PATH: '/usr/bin:/bin', REGROW_RUN: id, OTHER: `x REGROW_RUN=${id}` };
  return { id, child: spawn('/bin/sh', ['-c', script], { env, stdio: 'ignore', detached: true }) };
}

describe('the identity of a process', () => {
  it('is this process, on this boot', () => {
    const self = identifyProcess(process.pid);
    expect(self).toMatchObject({ pid: process.pid, bootId: bootId() });
    expect(self !== undefined && isAlive(self)).toBe(true);
    expect(self && Math.abs(ageMs(self) - process.uptime() * 1000)).toBeLessThan(1_000);
  });

  it('is not met by another start time or another boot: pids are used again', () => {
    const self = identifyProcess(process.pid);
    if (self === undefined) throw new Error('no identity');
    expect(isAlive({ ...self, startTime: self.startTime - 1 })).toBe(false);
    expect(isAlive({ ...self, bootId: 'ffffffff-0000-0000-0000-000000000000' })).toBe(false);
  });

  it('ends with the process, even while its parent has not taken notice', async () => {
    // The child ends at once; its parent, a sleep, never waits for it.
    const { child } = start('sh -c "exit 0" & exec sleep 60');
    const pid = child.pid ?? 0;
    const childrenFile = `/proc/${pid}/task/${pid}/children`;
    await expect.poll(() => readFileSync(childrenFile, 'utf8').trim(), { timeout: 5_000 }).not.toBe('');
    const zombie = Number(readFileSync(childrenFile, 'utf8').trim());
    await expect.poll(() => readFileSync(`/proc/${zombie}/stat`, 'utf8'), { timeout: 5_000 }).toContain(') Z ');
    expect(identifyProcess(zombie)).toBeUndefined();
  });

  it('survives names with spaces and parentheses', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'regrow-process-'));
    copyFileSync('/bin/sleep', `${folder}/a) Z (b`);
    const child = spawn(`${folder}/a) Z (b`, ['60'], { stdio: 'ignore' });
    const identity = identifyProcess(child.pid ?? 0);
    expect(identity?.startTime).toBeGreaterThan(0);
    expect(identity !== undefined && isAlive(identity)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(identity !== undefined && isAlive(identity)).toBe(false);
    rmSync(folder, { recursive: true });
  });
});

describe('the sweep', () => {
  it('finds the processes of a run and of no other, also by part of an id or a value that looks like the marker', async () => {
    const { id, child } = start('sleep 60 & exec sleep 60');
    await expect.poll(() => liveProcesses(id), { timeout: 5_000 }).toHaveLength(2);
    expect(await liveProcesses(id)).toContain(child.pid);
    const similar = `${id.slice(0, 13)}${id.endsWith('0') ? '1' : '0'}`;
    const other = start('exec sleep 60', similar);
    await expect.poll(() => liveProcesses(similar), { timeout: 5_000 }).toEqual([other.child.pid]);
    expect(await liveProcesses(id.slice(0, 13))).toEqual([]);
    expect(await liveProcesses('')).toEqual([]);
  });

  it('leaves alone a process that only mentions the marker', async () => {
    const id = newRunId();
    const env = { PATH: '/usr/bin:/bin', OTHER: `x REGROW_RUN=${id}`, XREGROW_RUN: id };
    const child = spawn('/bin/sleep', ['60'], { env, stdio: 'ignore' });
    await once(child, 'spawn');
    expect(await sweep(id)).toBe(0);
    expect(child.exitCode).toBeNull();
    child.kill('SIGKILL');
  });

  it('kills sessions of their own, the deaf to SIGTERM, and those that start others while it passes', async () => {
    const { id } = start(`
      trap '' TERM HUP
      setsid sleep 60 &
      setsid sh -c 'trap "" TERM; while :; do sh -c "sleep 60" & sleep 0.01; done' &
      setsid sh -c 'while :; do setsid sleep 60 & sleep 0.005; done' &
      sleep 60`);
    await expect.poll(async () => (await liveProcesses(id)).length, { timeout: 5_000 }).toBeGreaterThan(20);
    expect(await sweep(id)).toBeGreaterThan(20);
    expect(await liveProcesses(id)).toEqual([]);
  });

  it('sees a process that does nothing but exec: between the old environment and the new one it reads empty', async () => {
    const { id, child } = start(`exec sh -c 'exec sh -c "$0" "$0"' 'exec sh -c "$0" "$0"'`);
    for (let round = 0; round < 300; round += 1) expect(await liveProcesses(id)).toEqual([child.pid]);
  });

  it('takes an empty environment for what it is', async () => {
    const child = spawn('/bin/sleep', ['60'], { env: {}, stdio: 'ignore' });
    await once(child, 'spawn');
    const before = performance.now();
    expect(await liveProcesses(newRunId())).toEqual([]);
    expect(performance.now() - before).toBeLessThan(1_000);
    child.kill('SIGKILL');
  });

  it('has nothing to do when nobody is there', async () => {
    expect(await sweep(newRunId())).toBe(0);
  });
});
