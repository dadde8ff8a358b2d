import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';

const ansible = resolve(import.meta.dirname, '../../ansible');

const isOfSome = '--only-rebuild --json --check ping --check page --address 192.0.2.7';

/** Nodes by what their probe prints and ends with; the VM of `off` is, so that it is not asked; two have checks that count. */
const probes = {
  failed: `echo '{"verdict": "failed"}'; exit 1`,
  passed: `echo '{"verdict": "passed"}'`,
  unknown: `echo '{"verdict": "unknown"}'; exit 3`,
  broken: 'echo "Error: Cannot find module" >&2; exit 1',
  off: `echo '{"verdict": "passed"}'`,
  of_some: `case "$*" in *"${isOfSome}"*) echo '{"verdict": "failed"}'; exit 1;; *) echo '{"verdict": "passed"}'; esac`,
  of_none: `echo '{"verdict": "failed"}'; exit 1`,
};
const deciding: Readonly<Record<string, readonly string[]>> = { of_some: ['ping', 'page'], of_none: [] };

it('the guard before a fence lets a run go on for what was measured and failed, and for nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'regrow-guard-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const hosts = Object.entries(probes).map(([name, script]) => {
    const program = join(folder, name);
    writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const x = { power: name === 'off' ? 'off' : 'on', addresses: ['192.0.2.7'] };
    const counts = deciding[name] === undefined ? {} : { regrow_deciding_checks: deciding[name] };
    return [name, { regrow_command: [program], rebuild_seen: { x }, ...counts }] as const;
  });
  const vars = { regrow_force: [], rebuild_claim: null, rebuild_fenced: false };
  writeFileSync(join(folder, 'inventory.yml'), JSON.stringify({ all: { hosts: Object.fromEntries(hosts), vars } }));
  const goesOn = { regrow: "{{ {inventory_hostname: {'outcome': 'goes on'}} }}" };
  const tasks = [
    { 'ansible.builtin.include_role': { name: 'rebuild', tasks_from: 'probe' } },
    { 'ansible.builtin.set_stats': { data: goesOn } },
  ];
  const play = { hosts: 'all', gather_facts: false, connection: 'local', tasks };
  writeFileSync(join(folder, 'play.yml'), JSON.stringify([play]));
  const { stdout } = await execa('ansible-playbook', ['-i', join(folder, 'inventory.yml'), join(folder, 'play.yml')], {
    reject: false,
    env: {
      ANSIBLE_CONFIG: join(ansible, 'ansible.cfg'),
      ANSIBLE_ROLES_PATH: join(ansible, 'roles'),
      ANSIBLE_SHOW_CUSTOM_STATS: '1',
      ANSIBLE_STDOUT_CALLBACK: 'default',
      ANSIBLE_LOCAL_TEMP: folder,
    },
  });
  const told = (node: string): RegExp =>
    new RegExp(`"${node}": \\{[^{}]*?("gate": "(?<gate>\\w+)"[^{}]*?)?"outcome": "(?<outcome>[^"]+)"`);
  const became = Object.keys(probes).map((node) => {
    const { outcome, gate } = told(node).exec(stdout)?.groups ?? { outcome: stdout };
    return [node, gate === undefined ? outcome : `${outcome}: ${gate}`];
  });
  expect(Object.fromEntries(became)).toEqual({
    failed: 'goes on',
    passed: 'already_healthy',
    unknown: 'refused: probe_unknown',
    broken: 'refused: probe_unknown',
    off: 'goes on',
    of_some: 'goes on',
    of_none: 'refused: probe_unknown',
  });
}, 120_000);
