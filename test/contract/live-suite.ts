import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classifyFailure } from '../../src/ansible/classify.ts';
import { parseEvent } from '../../src/ansible/event.ts';
import type { RunEvent } from '../../src/ansible/event.ts';
import { liveProcesses } from '../../src/ansible/process.ts';
import { reattach } from '../../src/ansible/reattach.ts';
import type { RunEnd } from '../../src/ansible/run-end.ts';
import { newRunId } from '../../src/ansible/run-id.ts';
import type { RunHandle, RunSpec } from '../../src/ansible/run-spec.ts';
import { startRun } from '../../src/ansible/start-run.ts';
import { compiledSources } from '../unit/compiled.ts';
import { fixtures } from './captured-cases.ts';
import type { Core } from './captured-cases.ts';
import { judgements } from './judgements.ts';

const inventory = {
  all: {
    children: {
      rebuild: {
        hosts: { vm01: {}, vm02: {} },
        vars: { ansible_connection: 'local', ansible_python_interpreter: '{{ ansible_playbook_python }}' },
      },
      dead: {
        hosts: { vm99: { ansible_host: '127.0.0.1', ansible_port: 1, ansible_ssh_common_args: '-o BatchMode=yes' } },
      },
    },
  },
};

/** Fixture playbooks that need nothing but this machine. The judgement of a live run is the captured one's. */
const cases = [
  '02-failed',
  '05-unreachable',
  '06-loop',
  '08-rescue',
  '11-yaml-error',
  '12-missing-module',
  '13-undefined',
  '16-large',
  '18-noise',
  '22-stats',
  '24-include',
  '26-fatal',
  '30-clearerrors',
  '31-unreachable-and-failed',
  '34-module-crash',
  '36-worker-killed',
];

const secret = 'q-S3cret"with\\quotes';

/** Runs playbooks for real with one ansible-core, and asserts on what our own callback wrote. */
export function describeLiveCallback(core: Core, programFolder: string, pythonFolder: string): void {
  const compiled = compiledSources();
  describe(`our callback running in core ${core}`, { timeout: 60_000 }, () => {
    let scratch = '';
    beforeAll(() => {
      if (!existsSync(path.join(programFolder, 'ansible-playbook'))) {
        throw new Error(`ansible-core ${core} is not in ${programFolder}: run scripts/setup`);
      }
      scratch = mkdtempSync(path.join(os.tmpdir(), 'regrow-live-'));
    });
    afterAll(() => rmSync(scratch, { recursive: true, force: true }));

    const runSpec = (id: string, playbook: string, more: Partial<RunSpec>): RunSpec => ({
      id,
      runDir: path.join(scratch, id),
      playbook,
      inventory,
      extraVars: {},
      environment: { VMWARE_PASSWORD: secret },
      expectedHosts: ['vm01', 'vm02'],
      deadlineMs: 50_000,
      ansible: { path: [programFolder], python_path: [pythonFolder] },
      caFile: null,
      ...more,
    });

    async function run(playbook: string, more: Partial<RunSpec> = {}) {
      const spec = runSpec(newRunId(), playbook, more);
      return { handle: await startRun(spec), folder: spec.runDir };
    }

    const finish = async (handle: RunHandle): Promise<{ end: RunEnd; events: RunEvent[] }> => {
      const events: RunEvent[] = [];
      for await (const event of handle.events()) events.push(event);
      return { end: await handle.result, events };
    };

    const ours = (name: string): string => path.join(import.meta.dirname, 'playbooks', name);

    it.each(cases)('%s: its events lead to what a person would say', async (name) => {
      const judged = judgements[name];
      if (judged === undefined) throw new Error(`no judgement of ${name}`);
      const playbook = path.join(fixtures, 'playbooks', `${name}.yml`);
      const { handle, folder } = await run(playbook, { expectedHosts: judged.hosts });
      const { end, events } = await finish(handle);

      expect({ kind: end.kind, message: end.message }).toEqual({ kind: judged.kind, message: expect.any(String) });
      if (judged.failed) {
        const [host, task] = judged.failed;
        const hosts = judged.failsOnBoth ? judged.hosts : [host];
        expect(hosts).toContain(end.failed?.host);
        expect(end.failed?.task.name).toBe(task);
      }
      if (judged.says) expect(end.message).toMatch(judged.says);
      if (judged.class) expect(classifyFailure(end)).toBe(judged.class);
      expect(events.map((event) => event.n)).toEqual(events.map((_, index) => index + 1));
      const lines = readFileSync(path.join(folder, 'events.jsonl'), 'utf8').trimEnd().split('\n');
      expect(lines.filter((line) => line !== '' && parseEvent(line) === undefined)).toEqual([]);
    });

    it('takes output that is no UTF-8', async () => {
      const { handle } = await run(path.join(fixtures, 'playbooks', '17-nonutf8.yml'), { expectedHosts: ['vm01'] });
      const { end, events } = await finish(handle);
      expect(end.kind).toBe('ok');
      const first = events.flatMap((event) => (event.e === 'ok' ? [String(event.res.stdout)] : []))[0];
      expect(first).toMatch(/^caf.* ok €/);
      expect(first).not.toMatch(/\p{Surrogate}/u);
    });

    it('tells of every retry', async () => {
      const { handle } = await run(ours('retries.yml'), { expectedHosts: ['vm01'] });
      const { end, events } = await finish(handle);
      expect(events.flatMap((event) => ('res' in event ? [event.e] : []))).toEqual(['retry', 'retry', 'failed']);
      expect(end).toMatchObject({ kind: 'failed', rc: 2, failed: { task: { name: 'exhausts its retries' } } });
    });

    it('names steps, declared failures and the failure that decided, not its aftermath', async () => {
      const reason = '{{ lookup("pipe", "id") }} é \u{1f600} \u0085';
      const { handle, folder } = await run(ours('steps.yml'), { expectedHosts: ['vm01'], extraVars: { reason } });
      const { end, events } = await finish(handle);

      const steps = events.flatMap((event) => (event.e === 'task_start' ? [event.task] : []));
      expect(steps.map(({ name, step, section }) => [name, step, section])).toEqual([
        ["inherits its block's step", 'create', null],
        ['names its own step', 'fence', null],
        ['has a step that is a template', null, null],
        ['returns facts and far too much text', 'create', null],
        ['the extra-vars file is gone', 'create', null],
        ['tells the secret', 'create', null],
        ['loses its item', 'create', null],
        ['clean up', 'create', 'rescue'],
        ['leave the facts', 'create', 'rescue'],
        ['give up', 'create', 'rescue'],
        ['say goodbye', 'create', 'always'],
      ]);
      expect(end).toMatchObject({
        kind: 'failed',
        custom: { state: 'aborted' },
        failed: { task: { name: 'loses its item', step: 'create', failure: 'no_capacity' }, rc: 3 },
      });
      expect(end.failed?.message).toMatch(/about 3/);
      expect(classifyFailure(end)).toBe('no_capacity');

      const result = (name: string) =>
        events.flatMap((event) => ('res' in event && event.task.name === name ? [event.res] : [])).at(-1);
      // What comes from outside is data: no template in it was evaluated.
      expect(result("inherits its block's step")?.msg).toBe(reason);
      const long = result('returns facts and far too much text');
      expect(long).toMatchObject({ truncated: true, regrow: { moid: 'vm-42', text: reason }, size_of_it: 1 });
      expect(long?.size).toBeGreaterThan(300_000);
      expect(long).not.toHaveProperty('stdout');
      expect(result('tells the secret')?.msg).toBe('it is [redacted]');
      expect(readFileSync(path.join(folder, 'events.jsonl'), 'utf8')).not.toContain('S3cret');
      for (const event of events) {
        if ('res' in event) expect(Object.keys(event.res)).not.toContain('invocation');
      }
    });

    it('classifies a vCenter that is away', async () => {
      const { handle } = await run(ours('vcenter-away.yml'), { expectedHosts: ['vm01'] });
      const { end } = await finish(handle);
      expect({ kind: end.kind, class: classifyFailure(end), message: end.message }).toMatchObject({
        kind: 'failed',
        class: 'vcenter_unreachable',
        message: expect.stringContaining('ask vCenter'),
      });
    });

    it('does nothing in check mode, on one host, when told so', async () => {
      const playbook = path.join(fixtures, 'playbooks', '01-ok.yml');
      const { handle } = await run(playbook, { check: true, limit: 'vm02', expectedHosts: ['vm02'] });
      const { end } = await finish(handle);
      expect(end).toMatchObject({ kind: 'ok', stats: { vm02: { skipped: 2 } } });
      expect(Object.keys(end.stats)).toEqual(['vm02']);
    });

    it('goes on and passes when its controller is killed, with a whole log and whole events', async () => {
      const id = newRunId();
      const gate = path.join(scratch, `${id}.gate`);
      const spec = runSpec(id, ours('waits.yml'), { expectedHosts: ['vm01'], extraVars: { gate } });
      const script = `
        const { startRun } = await import(${JSON.stringify(compiled('ansible/start-run.js'))});
        const handle = await startRun(${JSON.stringify(spec)});
        for await (const event of handle.events()) console.log(event.e, event.host);`;
      const args = ['--input-type=module', '-e', script];
      const controller = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      controller.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await expect.poll(() => said, { timeout: 20_000 }).toContain('host_start');
      controller.kill('SIGKILL');
      await once(controller, 'exit');

      const taken = await reattach(spec.runDir);
      if (!('result' in taken)) throw new Error(`not followed: ${taken.message}`);
      writeFileSync(gate, '');
      const { end, events } = await finish(taken);
      expect(end).toMatchObject({ kind: 'ok', rc: null, stats: { vm01: { ok: 2 } }, custom: { moid: 'vm-9' } });
      expect(events.map((event) => event.n)).toEqual(events.map((_, index) => index + 1));
      expect(readFileSync(path.join(spec.runDir, 'output.log'), 'utf8')).toMatch(/PLAY RECAP[\s\S]*ok=2/);
      expect(await liveProcesses(id)).toEqual([]);
    });

    it('leaves no process, no temporary file and no secret behind when it is cancelled in a module', async () => {
      const { handle, folder } = await run(ours('hangs.yml'), { graceMs: 2_000 });
      for await (const event of handle.events()) {
        if (event.e === 'host_start') break;
      }
      await expect.poll(() => moduleRuns(handle.id), { timeout: 15_000 }).toBe(true);
      await handle.cancel('the operator said so');
      expect(await handle.result).toMatchObject({ kind: 'cancelled', failures: [] });
      expect((await handle.result).message).toMatch(/the operator said so, during "long" on vm0[12]/);
      expect(await liveProcesses(handle.id)).toEqual([]);
      expect(readdirSync(folder).toSorted()).toEqual([
        'command.json',
        'events.jsonl',
        'extra-vars.json',
        'inventory.yml',
        'outcome.json',
        'output.log',
      ]);
      for (const file of readdirSync(folder)) {
        expect(readFileSync(path.join(folder, file), 'utf8')).not.toContain('S3cret');
      }
    });
  });
}

/** Whether `sleep 600` of the run is running: the module has begun its work. */
async function moduleRuns(id: string): Promise<boolean> {
  const pids = await liveProcesses(id);
  return pids.some((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('sleep\0');
    } catch {
      return false;
    }
  });
}
