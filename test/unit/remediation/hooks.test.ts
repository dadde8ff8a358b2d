import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { liveProcesses, sweep } from '../../../src/ansible/process.ts';
import { newRunId } from '../../../src/ansible/run-id.ts';
import type { ControllerParts } from '../../../src/remediation/controller-parts.ts';
import { runHooks, type HookResult } from '../../../src/remediation/hooks.ts';
import { fakeAnsible } from '../ansible-engine/scratch-run.ts';
import { configOf, minimalText } from '../config/sample.ts';
import { temporaryFolder, temporaryJournal } from '../store/folders.ts';

const password = 'hunter2-of-vcenter';
const facts = { node_address: '192.0.2.7', judged_vm: { moid: 'vm-2', instance_uuid: 'uuid-2' } };

/** A controller whose hooks before a rebuild are these shell scripts, read by the fake ansible-playbook. */
function controllerWith(scripts: readonly string[], timeout = '15s') {
  const folder = temporaryFolder();
  const stateDir = join(folder, 'state');
  const playbooks = scripts.map((script, index) => {
    const file = join(folder, `${index}.yml`);
    writeFileSync(file, script);
    return file;
  });
  const parts: ControllerParts = {
    config: configOf(
      `${minimalText}state_dir: ${stateDir}\nansible: {path: [${fakeAnsible}]}\nhooks: {before_rebuild: [${playbooks.join(', ')}], timeout: ${timeout}}\n`,
    ),
    journal: temporaryJournal(stateDir),
    env: { VCENTER_PASSWORD: password },
    builder: 'admin',
    self: null,
    isTakenOut: false,
    command: ['regrow'],
    now: () => new Date(),
  };
  const run = newRunId();
  const order = { hook: 'before_rebuild', node: 'web2', run, facts } as const;
  return {
    folder,
    run,
    playbooks,
    hooks: (leftMs = 60_000): Promise<HookResult> => runHooks(parts, { ...order, leftMs }),
    kept: () => readdirSync(join(stateDir, 'runs')),
  };
}

const passing = 'play_starts; task_starts a; passes; exit 0';

it('runs the playbooks of a hook in their order, tells them of the rebuild by extra-vars, and keeps nothing of what passed', async () => {
  const told = 'while [ "$1" != -e ]; do shift; done; cat "${2#@}"; printf "\\n"';
  const { hooks, playbooks, kept, run } = controllerWith([`${told}; ${passing}`, `echo second; ${passing}`]);
  const result = await hooks();
  expect(result).toMatchObject({ ok: true, message: `${playbooks.join(', ')} passed` });
  const [vars = '', second] = result.output.trim().split(/\n(?=second$)/);
  expect(second).toBe('second');
  for (const text of ['web2', '192.0.2.7', run, 'vm-2', 'uuid-2']) expect(vars).toContain(text);
  expect(kept()).toEqual([]);
});

it('stops at the first one that fails, and says which and where its output is', async () => {
  const { hooks, playbooks, folder, kept } = controllerWith(['echo no >&2; exit 2', passing]);
  const result = await hooks();
  const [id = ''] = kept();
  expect(result).toMatchObject({ ok: false, output: 'no\n' });
  expect(result.message).toContain(`${playbooks[0]}: `);
  expect(result.message).toContain(join(folder, 'state/runs', id, 'output.log'));
  expect(kept()).toHaveLength(1);
});

it('gives them no secret, and keeps the secrets that they find for themselves out of output and files', async () => {
  const { hooks, folder, kept } = controllerWith([`env; echo found ${password}; exit 2`]);
  const { output } = await hooks();
  expect(output).toContain('found ****');
  expect(output).not.toContain('VMWARE_PASSWORD');
  const [id = ''] = kept();
  expect(readFileSync(join(folder, 'state/runs', id, 'output.log'), 'utf8')).not.toContain(password);
});

it('kills one that goes on for longer than its time, and begins no other', async () => {
  const { hooks, run } = controllerWith(['sleep 600', passing], '1s');
  const result = await hooks();
  expect(result.ok).toBe(false);
  expect(result.message).toMatch(/deadline/);
  expect(await liveProcesses(run)).toEqual([]);
});

it('begins none when nothing is left of the time of the rebuild', async () => {
  const { hooks, playbooks } = controllerWith([passing]);
  expect(await hooks(0)).toMatchObject({ ok: false, message: `no time was left for ${playbooks[0]}` });
});

it('belongs to the run of its rebuild: the sweep after that one ends it', async () => {
  const { hooks, run } = controllerWith(['setsid sleep 600']);
  const result = hooks();
  while ((await liveProcesses(run)).length < 2) await new Promise((resolve) => setImmediate(resolve));
  await sweep(run);
  expect(await liveProcesses(run)).toEqual([]);
  expect((await result).ok).toBe(false);
});
