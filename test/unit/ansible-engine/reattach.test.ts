import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/ansible/event.ts';
import { bootId, liveProcesses } from '../../../src/ansible/process.ts';
import { reattach } from '../../../src/ansible/reattach.ts';
import type { RunEnd } from '../../../src/ansible/run-end.ts';
import type { RunHandle, RunSpec } from '../../../src/ansible/run-spec.ts';
import { compiledSources } from '../compiled.ts';
import { scratchFolder } from './scratch-run.ts';

const scratch = scratchFolder();
const compiled = compiledSources();

const isHandle = (taken: RunHandle | RunEnd): taken is RunHandle => 'result' in taken;

/** Starts the run in another process, and kills that one with SIGKILL when the run has written `event`. */
async function startInControllerThatDies(spec: RunSpec, event: RunEvent['e'] = 'host_start'): Promise<void> {
  const script = `
    const { startRun } = await import(${JSON.stringify(compiled('ansible/start-run.js'))});
    const handle = await startRun(${JSON.stringify(spec)});
    for await (const event of handle.events()) console.log(event.e);`;
  const controller = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  controller.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await expect.poll(() => said, { timeout: 10_000 }).toContain(event);
  controller.kill('SIGKILL');
  await once(controller, 'exit');
}

/** A gate that the run waits at until the test opens it. */
const gate = (name: string) => path.join(scratch.root, name);
const waits = (name: string): string => `while ! test -e '${gate(name)}'; do sleep 0.02; done`;

describe('a run whose controller was killed', () => {
  it('goes on, is followed to its end by the next controller, and passes', async () => {
    const spec = scratch.spec(`play_starts; task_starts a; echo before; ${waits('go-1')}; echo after; passes`);
    await startInControllerThatDies(spec);
    expect(await liveProcesses(spec.id)).not.toEqual([]);

    const taken = await reattach(spec.runDir);
    if (!isHandle(taken)) throw new Error(`not followed: ${taken.message}`);
    const kinds: string[] = [];
    const events = (async () => {
      for await (const event of taken.events()) kinds.push(event.e);
    })();
    await expect.poll(() => kinds, { timeout: 5_000 }).toEqual(['play_start', 'task_start', 'host_start']);
    writeFileSync(gate('go-1'), '');
    expect(await taken.result).toMatchObject({ kind: 'ok', rc: null, custom: { moid: 'vm-7' } });
    await events;
    expect(kinds.slice(3)).toEqual(['ok', 'stats']);
    expect(readFileSync(path.join(spec.runDir, 'output.log'), 'utf8')).toBe('before\nafter\n');
    expect(existsSync(path.join(spec.runDir, 'tmp'))).toBe(false);
  });

  it('that ended meanwhile is judged by its stats', async () => {
    const spec = scratch.spec(`play_starts; task_starts a; ${waits('go-2')}; passes`);
    await startInControllerThatDies(spec);
    writeFileSync(gate('go-2'), '');
    await expect.poll(() => liveProcesses(spec.id), { timeout: 5_000 }).toEqual([]);
    expect(await reattach(spec.runDir)).toMatchObject({ kind: 'ok', rc: null });
    // What was judged is read back, however often.
    expect(await reattach(spec.runDir)).toMatchObject({ kind: 'ok', rc: null });
  });

  it('that was killed too is interrupted, and its orphans are swept first', async () => {
    const spec = scratch.spec(
      `play_starts; setsid sh -c 'trap "" TERM; sleep 300' & task_starts upload; ${waits('go-4')}; kill -9 $$`,
    );
    await startInControllerThatDies(spec);
    writeFileSync(gate('go-4'), '');
    await expect.poll(() => leaderLives(spec), { timeout: 5_000 }).toBe(false);
    expect(await liveProcesses(spec.id)).not.toEqual([]);
    expect(await reattach(spec.runDir)).toMatchObject({
      kind: 'interrupted',
      message: 'It ended while no controller watched, during "upload" on vm01.',
    });
    expect(await liveProcesses(spec.id)).toEqual([]);
  });

  it('keeps its deadline, counted from its own start', async () => {
    const spec = scratch.spec('play_starts; task_starts slow; sleep 300', { deadlineMs: 1_500 });
    await startInControllerThatDies(spec);
    const taken = await reattach(spec.runDir);
    if (!isHandle(taken)) throw new Error('not followed');
    expect(await taken.result).toMatchObject({ kind: 'timed_out' });
    expect(await liveProcesses(spec.id)).toEqual([]);
  });

  it('can be cancelled by the next controller', async () => {
    const spec = scratch.spec('play_starts; task_starts slow; sleep 300');
    await startInControllerThatDies(spec);
    const taken = await reattach(spec.runDir);
    if (!isHandle(taken)) throw new Error('not followed');
    await taken.cancel('changed my mind');
    expect(await taken.result).toMatchObject({
      kind: 'cancelled',
      message: 'Cancelled: changed my mind, during "slow" on vm01.',
    });
  });

  it('is ended when the dead controller had begun to end it', async () => {
    const spec = scratch.spec('play_starts; task_starts slow; sleep 300');
    await startInControllerThatDies(spec);
    editCommand(spec, { stop: { by: 'deadline', reason: 'Stopped at its deadline of 1 s' } });
    const taken = await reattach(spec.runDir);
    if (!isHandle(taken)) throw new Error('not followed');
    expect(await taken.result).toMatchObject({ kind: 'timed_out' });
  });

  it('is found by its marker when the controller died before it noted the pid', async () => {
    const spec = scratch.spec(`play_starts; task_starts a; setsid sleep 300 & ${waits('go-3')}; passes`);
    await startInControllerThatDies(spec);
    editCommand(spec, { pid: null, start_time: null });
    const taken = await reattach(spec.runDir);
    if (!isHandle(taken)) throw new Error('not followed');
    writeFileSync(gate('go-3'), '');
    expect(await taken.result).toMatchObject({ kind: 'ok' });
    expect(await liveProcesses(spec.id)).toEqual([]);
  });
});

describe('the files of a run that nobody can follow', () => {
  it('of another boot are judged, though a process with that pid lives', async () => {
    const spec = scratch.spec('');
    writeFiles(spec, { pid: process.pid, start_time: 1, boot_id: 'an-earlier-boot' }, [
      '{"v":1,"n":1,"t":1,"e":"task_start","task":{"id":"t","name":"upload"}}',
      '{"v":1,"n":2,"t":1,"e":"host_start","host":"vm01","task":"t"}',
    ]);
    const end = await reattach(spec.runDir);
    expect(end).toMatchObject({ kind: 'interrupted' });
    expect('message' in end && end.message).toContain('upload');
  });

  it('of a pid that was used again are judged: the other process is neither followed nor touched', async () => {
    const bystander = spawn('/bin/sleep', ['60'], { detached: true, stdio: 'ignore' });
    const spec = scratch.spec('');
    writeFiles(spec, { pid: bystander.pid ?? 0, start_time: 1, boot_id: bootId() }, []);
    expect(await reattach(spec.runDir)).toMatchObject({ kind: 'interrupted' });
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
    bystander.kill('SIGKILL');
  });

  it('without a command tell that nothing was started', async () => {
    const spec = scratch.spec('');
    mkdirSync(path.join(spec.runDir, 'tmp'), { recursive: true });
    writeFileSync(path.join(spec.runDir, 'tmp/extra-vars.yml'), '{}');
    expect(await reattach(spec.runDir)).toMatchObject({
      kind: 'interrupted',
      message: expect.stringContaining('before'),
    });
    expect(existsSync(path.join(spec.runDir, 'tmp'))).toBe(false);
  });

  it('with the lines of ansible.posix.jsonl in the log are judged by those', async () => {
    const spec = scratch.spec('');
    writeFiles(spec, { pid: null, start_time: null, boot_id: bootId() }, []);
    const capture = '../../fixtures/ansible-output/core-2.19/02-failed/jsonl.stdout';
    writeFileSync(path.join(spec.runDir, 'output.log'), readFileSync(path.resolve(import.meta.dirname, capture)));
    expect(await reattach(spec.runDir)).toMatchObject({
      kind: 'failed',
      failed: { task: { name: 'fails on vm01 only' } },
    });
  });
});

function writeFiles(spec: RunSpec, identity: object, events: readonly string[]): void {
  mkdirSync(spec.runDir, { recursive: true });
  const command = {
    id: spec.id,
    argv: [],
    expected_hosts: ['vm01'],
    deadline_ms: 1_000,
    grace_ms: 10,
    stop: null,
    ...identity,
  };
  writeFileSync(path.join(spec.runDir, 'command.json'), JSON.stringify(command));
  writeFileSync(path.join(spec.runDir, 'events.jsonl'), events.map((line) => `${line}\n`).join(''));
}

function editCommand(spec: RunSpec, change: object): void {
  const file = path.join(spec.runDir, 'command.json');
  const command = JSON.parse(readFileSync(file, 'utf8')) as object;
  rmSync(file);
  writeFileSync(file, JSON.stringify({ ...command, ...change }));
}

function leaderLives(spec: RunSpec): boolean {
  const { pid } = JSON.parse(readFileSync(path.join(spec.runDir, 'command.json'), 'utf8')) as { pid: number };
  return existsSync(`/proc/${pid}`);
}
