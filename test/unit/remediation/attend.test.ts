import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { concludeRun } from '../../../src/ansible/conclude.ts';
import { parseEvent, type ResultEvent, type RunEvent } from '../../../src/ansible/event.ts';
import type { RunEnd } from '../../../src/ansible/run-end.ts';
import { recordRun } from '../../../src/ansible/run-record.ts';
import { newRunId } from '../../../src/ansible/run-id.ts';
import { attendRun } from '../../../src/remediation/attend.ts';
import type { ControllerParts } from '../../../src/remediation/controller-parts.ts';
import { insertRun } from '../../../src/remediation/run-journal.ts';
import { acquireSlot } from '../../../src/remediation/slot.ts';
import { temporaryFolder, temporaryJournal } from '../store/folders.ts';
import { configOf, minimalText } from '../config/sample.ts';

const claimed = { status: 'claimed', incident: 'web2.vm-2.aa', generation: 1, judged: { moid: 'vm-2' } };
const timedOut: RunEnd = {
  kind: 'timed_out',
  message: 'Stopped at its deadline of 1 s.',
  rc: null,
  signal: 'SIGKILL',
  stats: {},
  custom: undefined,
  failures: [],
};

function okEvent(action: string, step: string, regrow: object): ResultEvent & RunEvent {
  const task = { id: action + step, name: action, action, path: '', role: null, step, failure: null, section: null };
  const line = { v: 1, n: 1, t: 1_800_000_000, e: 'ok', host: 'web2', task, start: null, res: { regrow } };
  const event = parseEvent(JSON.stringify(line));
  if (event?.e !== 'ok') throw new Error('no event');
  return event;
}

async function attended(events: readonly RunEvent[], end: RunEnd, breakJournal = false) {
  const folder = temporaryFolder();
  const stateDir = join(folder, 'state');
  const journal = temporaryJournal(stateDir);
  const programs = join(folder, 'bin');
  mkdirSync(programs);
  writeFileSync(join(programs, 'ansible-playbook'), '#!/bin/sh\nexit 1\n');
  chmodSync(join(programs, 'ansible-playbook'), 0o755);
  const config = configOf(`${minimalText}state_dir: ${stateDir}\nansible: {path: [${programs}]}\n`);
  const parts: ControllerParts = {
    config,
    journal,
    env: { VCENTER_PASSWORD: 'not-a-real-one' },
    builder: 'admin',
    self: null,
    isTakenOut: false,
    command: ['regrow'],
    now: () => new Date(),
  };
  const run = newRunId();
  const slot = await acquireSlot(stateDir, { run, node: 'web2' });
  if (slot.kind === 'busy') throw new Error('busy');
  const intent = { kind: 'rebuild', nodes: ['web2'], trigger: 'operator', reason: null, force: [], dryRun: false };
  insertRun(parts, { ...intent, kind: 'rebuild' }, run);
  if (breakJournal)
    journal.runs.transition = () => {
      throw new Error('database or disk is full');
    };
  let heard = 0;
  const results = await attendRun(parts, {
    run,
    nodes: ['web2'],
    kind: 'rebuild',
    slot,
    onEvent: () => heard++,
    handle: {
      id: run,
      pid: null,
      events: async function* () {
        yield* events;
      },
      result: Promise.resolve(end),
      cancel: () => Promise.resolve(),
    },
  });
  return { result: results[0], heard, journal, run };
}

it('settles what a run that was ended by its deadline has claimed, and says that the old VM is off', async () => {
  const events = [okEvent('regrow_incident', 'claim', claimed), okEvent('regrow_vm', 'fence', { status: 'off' })];
  const { result, journal } = await attended(events, timedOut);
  expect(result).toMatchObject({ outcome: 'failed', class: 'timed_out', fenced: true });
  expect(journal.runs.list({ kinds: ['settle'] })).toMatchObject([{ state: 'done', node: 'web2' }]);
});

it('settles nothing where the playbook itself said how it ended', async () => {
  const said = { web2: { outcome: 'failed', fenced: false } };
  const { journal } = await attended([okEvent('regrow_incident', 'claim', claimed)], {
    ...timedOut,
    kind: 'failed',
    custom: said,
  });
  expect(journal.runs.list({ kinds: ['settle'] })).toEqual([]);
});

it('keeps the verdict of a certified node that the run was ended after, and tells whom its keys did not reach', async () => {
  const said = okEvent('ansible.builtin.set_stats', 'retire', {});
  const told = { data: { regrow: { web2: { outcome: 'rebuilt', address: '192.0.2.7', fenced: true } } } };
  const verdict: RunEvent = { ...said, res: { ansible_stats: told } };
  const task = { ...said.task, step: 'register' };
  const unreached: RunEvent = {
    ...said,
    e: 'unreachable',
    host: 'web1',
    task,
    res: { msg: 'no route' },
    ignored: true,
  };
  const events = [okEvent('regrow_incident', 'claim', claimed), verdict, unreached];
  const record = await recordRun(events);
  const stop = { by: 'deadline', reason: 'Stopped at its deadline of 1 s' } as const;
  const end = concludeRun({ record, expectedHosts: ['web2'], rc: null, signal: 'SIGKILL', output: '', stop });
  expect(end.kind).toBe('timed_out');
  const { result, journal, run } = await attended(events, end);
  expect(result).toMatchObject({ outcome: 'rebuilt', address: '192.0.2.7', class: null });
  expect(journal.runs.get(run)).toMatchObject({ state: 'done', outcome: 'rebuilt' });
  expect(journal.runs.list({ kinds: ['settle'] })).toEqual([]);
  const unregistered = journal.events.list({ run }).filter(({ type }) => type === 'node.unregistered');
  expect(unregistered).toMatchObject([{ node: 'web1', data: { message: 'no route' } }]);
});

it('follows a run to its end although the journal cannot be written', async () => {
  const said = { web2: { outcome: 'rebuilt', address: '192.0.2.7', fenced: true } };
  const events = [okEvent('regrow_incident', 'claim', claimed), okEvent('regrow_vm', 'boot', { address: '192.0.2.7' })];
  const { result, heard } = await attended(events, { ...timedOut, kind: 'ok', custom: said }, true);
  expect(heard).toBe(2);
  expect(result).toMatchObject({ outcome: 'rebuilt' });
});

it('writes what became of the hooks, also of one whose program was killed, and lets the rebuild stand', async () => {
  const command = okEvent('ansible.builtin.command', 'before_rebuild', {});
  const hook = (name: string, res: object): RunEvent => ({
    ...command,
    task: { ...command.task, name: `rebuild : Run the hooks ${name} the rebuild` },
    res: { ...res },
  });
  const passed = { hook: 'before_rebuild', ok: true, message: '/a.yml passed', output: 'ok' };
  const events = [
    okEvent('regrow_incident', 'claim', claimed),
    hook('before', { rc: 0, stdout: JSON.stringify(passed) }),
    hook('after', { rc: -9, stdout: '', stderr: 'Killed' }),
  ];
  const said = { web2: { outcome: 'rebuilt', address: '192.0.2.7', fenced: true } };
  const { result, journal, run } = await attended(events, { ...timedOut, kind: 'ok', custom: said });
  expect(result).toMatchObject({ outcome: 'rebuilt' });
  const told = journal.events.list({ run }).filter(({ type }) => type.startsWith('hook.'));
  const killed = 'the hooks were killed, or could not be started';
  expect(told).toMatchObject([
    { type: 'hook.done', node: 'web2', data: { hook: 'before_rebuild', message: '/a.yml passed', output: 'ok' } },
    { type: 'hook.failed', node: 'web2', data: { hook: 'after_rebuild', message: killed, output: 'Killed' } },
  ]);
});
