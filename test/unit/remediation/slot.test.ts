import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bootId, identifyProcess, liveProcesses, sweep } from '../../../src/ansible/process.ts';
import { newRunId } from '../../../src/ansible/run-id.ts';
import { acquireSlot, slotHolder } from '../../../src/remediation/slot.ts';
import type { Slot, SlotBusy } from '../../../src/remediation/slot.ts';
import { compiledSources } from '../compiled.ts';

const compiled = compiledSources();
let stateDir = '';
let children: ChildProcess[] = [];
let runs: string[] = [];

beforeEach(() => {
  stateDir = mkdtempSync(path.join(os.tmpdir(), 'regrow-slot-'));
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const run of runs) await sweep(run);
  [children, runs] = [[], []];
  rmSync(stateDir, { recursive: true, force: true });
});

const newRun = (): string => {
  const run = newRunId();
  runs.push(run);
  return run;
};
const record = (): string => path.join(stateDir, 'rebuild.lock');

function held(taken: Slot | SlotBusy): Slot {
  if (taken.kind !== 'held') throw new Error(`busy: ${JSON.stringify(taken)}`);
  return taken;
}

/** Another controller that asks for the slot and tells what it got, then waits; `stall` blocks its event loop instead. */
async function otherController(
  run: string,
  then: 'wait' | 'stall' = 'wait',
): Promise<{ child: ChildProcess; got: string }> {
  const script = `
    const { acquireSlot } = await import(${JSON.stringify(compiled('remediation/slot.js'))});
    const got = await acquireSlot(${JSON.stringify(stateDir)}, { run: ${JSON.stringify(run)}, node: 'web2' });
    require('node:fs').writeSync(1, got.kind + '\\n');
    ${then === 'stall' ? 'for (;;);' : 'setInterval(() => {}, 1000);'}`;
  const prelude = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  const args = ['--input-type=module', '-e', prelude + script];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: stateDir });
  children.push(child);
  let got = '';
  child.stdout?.on('data', (chunk: Buffer) => (got += chunk.toString()));
  await expect.poll(() => got, { timeout: 10_000 }).toMatch(/\n/);
  return { child, got: got.trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** A process of a run, as ansible-playbook or a module of it would be. */
function processOf(run: string): ChildProcess {
  const child = spawn('/bin/sleep', ['300'], { env: { REGROW_RUN: run }, detached: true, stdio: 'ignore' });
  children.push(child);
  return child;
}

describe('the slot', () => {
  it('is taken once: the second asker learns who has it, in this process or another', async () => {
    const run = newRun();
    const slot = held(await acquireSlot(stateDir, { run, node: 'web1' }));
    expect(await acquireSlot(stateDir, { run: newRun(), node: 'web2' })).toMatchObject({
      kind: 'busy',
      live: 'controller',
      holder: { pid: process.pid, run, node: 'web1' },
    });
    expect((await otherController(newRun())).got).toBe('busy');
    await slot.release();
    expect((await otherController(newRun())).got).toBe('held');
  });

  it('is recorded with pid, start time and boot id, in a file of 0600, and leaves no record when released', async () => {
    const slot = held(await acquireSlot(stateDir, { run: newRun(), node: 'web1' }));
    const self = identifyProcess(process.pid);
    const written: unknown = JSON.parse(readFileSync(record(), 'utf8'));
    expect(written).toMatchObject({ pid: process.pid, start_time: self?.startTime, boot_id: bootId(), node: 'web1' });
    expect(statSync(record()).mode & 0o777).toBe(0o600);
    await slot.release();
    await slot.release();
    expect(existsSync(record())).toBe(false);
    expect(await slotHolder(stateDir)).toBeUndefined();
  });

  it('goes to exactly one of many who ask at once, over and over', async () => {
    for (let round = 0; round < 10; round += 1) {
      const asked = await Promise.all(
        Array.from({ length: 8 }, () => acquireSlot(stateDir, { run: newRun(), node: 'web1' })),
      );
      const winners = asked.filter((taken) => taken.kind === 'held');
      expect(winners).toHaveLength(1);
      for (const winner of winners) await winner.release();
    }
  });

  it('of a killed controller goes to exactly one of several processes', async () => {
    const dead = await otherController(newRun());
    expect(dead.got).toBe('held');
    await kill(dead.child);
    const asked = await Promise.all([1, 2, 3, 4].map(() => otherController(newRun())));
    expect(asked.map(({ got }) => got).toSorted()).toEqual(['busy', 'busy', 'busy', 'held']);
  });

  it('of a killed controller stays taken while a process of its run lives', async () => {
    const run = newRun();
    const dead = await otherController(run);
    const module = processOf(run);
    await expect.poll(() => liveProcesses(run)).toEqual([module.pid]);
    await kill(dead.child);
    expect(await acquireSlot(stateDir, { run: newRun(), node: 'web1' })).toMatchObject({
      kind: 'busy',
      live: 'run',
      holder: { run, pid: dead.child.pid },
    });
    await kill(module);
    expect((await acquireSlot(stateDir, { run: newRun(), node: 'web1' })).kind).toBe('held');
  });

  it('of a killed controller goes to the next one that follows the same run', async () => {
    const run = newRun();
    const dead = await otherController(run);
    const module = processOf(run);
    await expect.poll(() => liveProcesses(run)).toEqual([module.pid]);
    await kill(dead.child);
    const slot = held(await acquireSlot(stateDir, { run, node: 'web2' }));
    expect(module.exitCode ?? module.signalCode).toBeNull();
    expect((await otherController(newRun())).got).toBe('busy');
    await slot.release();
    expect(await liveProcesses(run)).toEqual([]);
  });

  it('is not lost by a controller that stalls: a stale heartbeat decides nothing', async () => {
    const stalled = await otherController(newRun(), 'stall');
    expect(stalled.got).toBe('held');
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(`${record()}.lock`, longAgo, longAgo);
    expect(await acquireSlot(stateDir, { run: newRun(), node: 'web1' })).toMatchObject({
      kind: 'busy',
      live: 'controller',
    });
  });

  it('is free after a reboot, whatever the pids say', async () => {
    const run = newRun();
    processOf(run);
    writeRecord({
      pid: process.pid,
      start_time: identifyProcess(process.pid)?.startTime,
      boot_id: 'an-earlier-boot',
      run,
    });
    expect((await acquireSlot(stateDir, { run: newRun(), node: 'web1' })).kind).toBe('held');
  });

  it('is free when the pid of its dead controller belongs to somebody else now', async () => {
    writeRecord({ pid: process.pid, start_time: 1, boot_id: bootId(), run: newRun() });
    expect((await acquireSlot(stateDir, { run: newRun(), node: 'web1' })).kind).toBe('held');
  });

  it.each(['', '{', '{"pid": 1}', 'null', '1234\n'])(
    'is free when its record is %j: a crash while it was written',
    async (text) => {
      writeFileSync(record(), text);
      expect((await acquireSlot(stateDir, { run: newRun(), node: 'web1' })).kind).toBe('held');
    },
  );

  it('kills what is left of its run before it is released', async () => {
    const run = newRun();
    const slot = held(await acquireSlot(stateDir, { run, node: 'web1' }));
    const module = processOf(run);
    await expect.poll(() => liveProcesses(run)).toEqual([module.pid]);
    await slot.release();
    expect(await liveProcesses(run)).toEqual([]);
    expect(existsSync(record())).toBe(false);
  });

  it('whose release failed is free for the same process as soon as the disturbance is over', async () => {
    const slot = held(await acquireSlot(stateDir, { run: newRun(), node: 'webbox2' }));
    const mutex = `${record()}.mutex`;
    rmSync(mutex);
    mkdirSync(mutex);
    await expect(slot.release()).rejects.toThrow();
    expect(existsSync(record())).toBe(true);
    rmSync(mutex, { recursive: true });
    held(await acquireSlot(stateDir, { run: newRun(), node: 'webbox3' }));
  });

  it('released late does not free the slot of the next holder', async () => {
    const first = held(await acquireSlot(stateDir, { run: newRun(), node: 'web1' }));
    await first.release();
    const second = held(await acquireSlot(stateDir, { run: newRun(), node: 'web2' }));
    await first.release();
    expect(await slotHolder(stateDir)).toMatchObject({ holder: { run: second.holder.run } });
  });
});

function writeRecord(holder: object): void {
  writeFileSync(record(), JSON.stringify({ node: 'web9', since: '2026-01-01T00:00:00.000Z', ...holder }));
}
