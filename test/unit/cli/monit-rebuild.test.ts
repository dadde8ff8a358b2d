import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Machine } from '../cli-read/surroundings.ts';

const at = '2026-01-01T10:00:00.000Z';

/** vCenter's answer about one VM, as the reading module gives it. */
function vm(name: string, more: object = {}): readonly object[] {
  const mark = { kind: 'certified', pool: 'web', by: 'webbox1' };
  const seen = { moid: `vm-${name}`, instance_uuid: `uuid-${name}`, addresses: ['127.0.0.1'], power: 'on' };
  return [{ ...seen, connection: 'connected', heartbeat: 'gray', mark, ...more }];
}

/** Stands in for ansible-playbook: vCenter says what `reading.json` has, the probe of webbox2 ends as `webbox2` has it. */
const fake = `#!/bin/sh
here=$(dirname "$0")
for playbook; do :; done
say() { printf '%s\\n' "$1" >>"$REGROW_EVENTS"; }
result() { say '{"v":1,"n":1,"t":1,"e":"ok","host":"'"$1"'","start":1,"res":'"$3"',"task":{"id":"t","name":"t","action":"'"$2"'"}}'; }
echo "\${playbook##*/}" >>"$here/ran"
case $playbook in
  */discover.yml) host=localhost; result localhost regrow_pool_info '{"regrow":'"$(cat "$here/reading.json")"'}' ;;
  */ask_observers.yml) host=webbox2; [ ! -e "$here/webbox2" ] || result webbox2 ansible.builtin.command "$(cat "$here/webbox2")" ;;
  *) host=localhost ;;
esac
say '{"v":1,"n":2,"t":2,"e":"stats","stats":{"'"$host"'":{"ok":1}},"custom":{}}'
`;

/** How `regrow probe` ends, as Ansible tells it. A program that dies has the exit code of a failure, and says nothing. */
const probeEnds = {
  passed: { rc: 0, stdout: JSON.stringify({ verdict: 'passed' }) },
  failed: { rc: 1, stdout: JSON.stringify({ verdict: 'failed' }) },
  unknown: { rc: 3, stdout: JSON.stringify({ verdict: 'unknown' }) },
  broken: { rc: 1, stdout: '' },
} as const;

interface World {
  /** What webbox2's own probe of webbox3 says; `broken`: the program there dies; null: its sshd does not answer. */
  readonly webbox2?: 'passed' | 'failed' | 'unknown' | 'broken' | null;
  readonly nodes?: Readonly<Record<string, readonly object[]>>;
  readonly pending?: object;
  /** Nodes that do not answer this machine, webbox1. */
  readonly lost?: readonly string[];
  readonly safety?: string;
}

/** webbox1, where no daemon runs, and whose journal knows the VMs that vCenter has unless told otherwise. */
function machineIn({ webbox2 = 'failed', nodes = {}, pending = {}, lost = ['webbox3'], safety = '' }: World = {}) {
  const machine = new Machine();
  const folder = join(dirname(machine.configPath), 'fake');
  mkdirSync(folder);
  writeFileSync(join(folder, 'ansible-playbook'), fake);
  chmodSync(join(folder, 'ansible-playbook'), 0o755);
  if (webbox2 !== null) writeFileSync(join(folder, 'webbox2'), JSON.stringify(probeEnds[webbox2]));
  const all = { webbox1: vm('webbox1'), webbox2: vm('webbox2'), webbox3: vm('webbox3'), ...nodes };
  writeFileSync(join(folder, 'reading.json'), JSON.stringify({ nodes: all, pending, unclear: {}, unfinished: [] }));
  appendFileSync(
    machine.configPath,
    `self: webbox1
ansible: {path: [${folder}], python_path: []}
remediation: {stagger: 50ms}
safety: {${safety}}
checks:
  alive: {type: command, command: [/bin/sh, -c, 'case $0 in ${lost.join('|') || 'none'}) exit 1;; esac', '{{ name }}'], on_failure: rebuild}
`,
  );
  for (const name of ['webbox1', 'webbox2', 'webbox3'])
    machine.journal.nodes.upsert({
      name,
      moid: `vm-${name}`,
      instance_uuid: `uuid-${name}`,
      address: '127.0.0.1',
      power: 'poweredOn',
      certified: true,
      seen_at: at,
    });
  const order = async () => {
    const argv = ['rebuild', 'webbox3', '--from-monit', '--confirm', 'webbox3', '--json'];
    const { exitCode, stdout, stderr } = await machine.regrow(argv, {
      env: { PATH: process.env['PATH'] ?? '', P: 'hunter2hunter2' },
    });
    const answer: unknown = stdout === '' ? stderr : JSON.parse(stdout);
    return { exitCode, answer };
  };
  const ran = () =>
    existsSync(join(folder, 'ran')) ? readFileSync(join(folder, 'ran'), 'utf8').trim().split('\n') : [];
  return { machine, order, ran };
}

describe('an order of Monit where no daemon runs', () => {
  it('asks the other nodes over SSH, and starts the rebuild of the judged VM when they agree', async () => {
    const { machine, order, ran } = machineIn();
    await order();
    expect(ran()).toContain('ask_observers.yml');
    expect(ran().filter((playbook) => playbook === 'rebuild_node.yml')).toHaveLength(1);
    const [run] = machine.journal.runs.list({ kinds: ['rebuild'] });
    expect(run).toMatchObject({ node: 'webbox3', trigger: 'monit' });
    expect(machine.journal.events.list({ run: run?.id ?? '' })[0]?.data).toMatchObject({
      by: 'Monit',
      judged: { moid: 'vm-webbox3', instanceUuid: 'uuid-webbox3' },
    });
  });

  it.each<[string, World, number, object]>([
    ['one that sees it alive is a veto', { webbox2: 'passed' }, 4, { outcome: 'refused', gate: 'quorum' }],
    ['one that could not measure agrees to nothing', { webbox2: 'unknown' }, 4, { outcome: 'refused', gate: 'quorum' }],
    ['one whose program is broken agrees to nothing', { webbox2: 'broken' }, 4, { outcome: 'refused' }],
    [
      'a machine that reaches nobody may be the sick one',
      { webbox2: null },
      4,
      { outcome: 'refused', gate: 'self_trust' },
    ],
    ['a node that answers again is none to rebuild', { lost: [] }, 7, { outcome: 'already_healthy' }],
    [
      'what was lost together is more than a pool may lose',
      { lost: ['webbox2', 'webbox3'] },
      4,
      { outcome: 'refused', gate: 'max_unhealthy' },
    ],
    [
      'another VM than the one that was judged is not touched',
      { nodes: { webbox3: vm('webbox3', { moid: 'vm-9', instance_uuid: 'uuid-9' }) } },
      7,
      { outcome: 'already_replaced' },
    ],
    [
      'a green heartbeat is evidence of life',
      { nodes: { webbox3: vm('webbox3', { heartbeat: 'green' }) } },
      4,
      { gate: 'heartbeat' },
    ],
    ['nobody keeps a question to a person', { safety: 'mode: approve' }, 4, { outcome: 'refused', gate: 'approval' }],
  ])('%s', async (_, world, exitCode, answer) => {
    const { order, ran } = machineIn(world);
    expect(await order()).toMatchObject({ exitCode, answer });
    expect(ran()).not.toContain('rebuild_node.yml');
  });

  it("needs no other voice than vCenter's, when that says that the VM is off", async () => {
    const off = { webbox3: vm('webbox3', { power: 'off' }) };
    const { order, ran } = machineIn({ webbox2: null, nodes: off });
    await order();
    expect(ran()).toContain('rebuild_node.yml');
  });

  it('does not count a fault that a daemon left open of a node that answers now', async () => {
    const { machine, order, ran } = machineIn();
    machine.journal.faults.save({
      node: 'webbox2',
      moid: 'vm-webbox2',
      instance_uuid: 'uuid-webbox2',
      opened_at: at,
      closed_at: null,
      state: 'held',
      course: '{"kind":"watching"}',
      approval: null,
      acted: [],
      restores: {},
      unhealthy: ['alive'],
      abandoned: false,
      attempts: 0,
      last_attempt_at: null,
    });
    await order();
    expect(ran()).toContain('rebuild_node.yml');
  });

  it('keeps to the backoff after a rebuild of its own, which failed', async () => {
    const { machine, order, ran } = machineIn();
    const now = new Date().toISOString();
    machine.begun('r0', { node: 'webbox3', started_at: now });
    machine.journal.runs.finish('r0', { outcome: 'failed', class: 'no_capacity', ended_at: now });
    expect(await order()).toMatchObject({ exitCode: 4, answer: { outcome: 'refused', gate: 'backoff' } });
    expect(ran()).not.toContain('rebuild_node.yml');
  });
});
