import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newRunId } from '../../../src/ansible/run-id.ts';
import { prepareRunFolder, runFolder } from '../../../src/ansible/run-folder.ts';
import type { ControllerParts } from '../../../src/remediation/controller-parts.ts';
import { baseSpec, loadingVars } from '../../../src/remediation/playbook-run.ts';
import { startRebuild } from '../../../src/remediation/rebuild.ts';
import { recoverRuns } from '../../../src/remediation/recovery.ts';
import { insertRun } from '../../../src/remediation/run-journal.ts';
import { filesHolding } from '../../e2e/secret-watch.ts';
import { configOf, minimalText } from '../config/sample.ts';
import { temporaryFolder, temporaryJournal } from '../store/folders.ts';

const secrets = ['hunter2-of-vcenter', 'hunter3-of-root', 'hunter4-of-web2', 'T0/hunter5-of-a-hook'];
const order = { nodes: ['web2'], trigger: 'operator', reason: null, force: [], dryRun: false } as const;

/** A controller whose ansible-playbook does what the shell script says. `$config` is the new node's regrow.yml. */
function controllerWith(script: string): {
  readonly parts: ControllerParts;
  readonly folder: string;
  readonly runs: string;
} {
  const folder = temporaryFolder();
  const stateDir = join(folder, 'state');
  mkdirSync(join(folder, 'bin'));
  const vars = 'while [ "$1" != -e ]; do shift; done; vars=${2#@}';
  const config = `config=$(sed -n 's/.*"node_config": "\\([^"]*\\)".*/\\1/p' "$vars")`;
  writeFileSync(join(folder, 'bin/ansible-playbook'), `#!/bin/sh\n${vars}\n${config}\ncd ${folder}\n${script}\n`, {
    mode: 0o755,
  });
  writeFileSync(join(folder, 'root'), 'hunter3-of-root');
  const text = minimalText
    .replace('core.ovf', `core.ovf, properties: {root_password: {file: ${folder}/root}, motd: hello}`)
    .replace('web2', '{name: web2, image: {properties: {admin_password: hunter4-of-web2}}}');
  const parts = {
    config: configOf(
      `${text}state_dir: ${stateDir}\nansible: {path: [${folder}/bin]}\nnotify: {webhook: {url: "https://hooks.example.org/T0/hunter5-of-a-hook"}}\n`,
    ),
    journal: temporaryJournal(stateDir),
    env: { VCENTER_PASSWORD: 'hunter2-of-vcenter' },
    builder: 'admin',
    self: null,
    isTakenOut: false,
    command: ['regrow'],
    now: () => new Date(),
  };
  return { parts, folder, runs: join(stateDir, 'runs') };
}

async function held(runs: string): Promise<readonly string[]> {
  return (await Promise.all(secrets.map((secret) => filesHolding(runs, secret)))).flat();
}

it.each(['rebuild', 'restore'] as const)(
  'a %s has the regrow.yml of the new node while it lives, and keeps no secret of it',
  async (kind) => {
    const { parts, folder, runs } = controllerWith(
      'cp "$config" seen.yml; env > seen.env; echo careless: $REGROW_PROPERTY_0; cat "$config"; exit 1',
    );
    const started = await startRebuild(parts, { ...order, kind });
    if (started.kind !== 'started') throw new Error(`it is ${started.kind}`);
    await started.attend();
    const seen = configOf(readFileSync(join(folder, 'seen.yml'), 'utf8'));
    expect(seen.notify.webhook?.url).toContain('hunter5-of-a-hook');
    expect(seen.image.properties).toEqual({
      root_password: { file: '/etc/regrow/property-root_password' },
      motd: 'hello',
    });
    const environment = readFileSync(join(folder, 'seen.env'), 'utf8');
    const values = ['REGROW_PROPERTY_0=hunter3-of-root', 'REGROW_PROPERTY_1=hunter4-of-web2'];
    for (const value of values) expect(environment.includes(value)).toBe(kind === 'rebuild');
    expect(readFileSync(join(runs, started.run, 'inventory.yml'), 'utf8')).toContain('REGROW_PROPERTY_1');
    expect(await held(runs)).toEqual([]);
  },
);

it('a run whose controller died before it began leaves none either, once it is settled', async () => {
  const { parts, runs } = controllerWith('exit 1');
  const run = newRunId();
  insertRun(parts, { ...order, kind: 'restore' }, run);
  const base = await baseSpec(parts, run, 'restore_node.yml');
  const spec = { ...base, ...(await loadingVars(parts, run)), expectedHosts: ['web2'], deadlineMs: 1_000 };
  await prepareRunFolder(spec, runFolder(base.runDir));
  expect(await held(runs)).not.toEqual([]);
  await recoverRuns(parts);
  expect(await held(runs)).toEqual([]);
  expect(parts.journal.runs.unfinished()).toEqual([]);
});

it('a run that cannot be begun leaves none', async () => {
  const { parts, runs } = controllerWith('exit 1');
  const run = newRunId();
  // Where the command is to be written there is a folder.
  const approved = { run, by: 'alice' };
  insertRun(parts, { ...order, kind: 'rebuild', state: 'awaiting_approval' }, run);
  mkdirSync(join(runs, run, 'command.json'), { recursive: true });
  await expect(startRebuild(parts, { ...order, kind: 'rebuild', approved })).rejects.toThrow(/EISDIR/);
  expect(existsSync(join(runs, run, 'inventory.yml'))).toBe(true);
  expect(await held(runs)).toEqual([]);
});
