import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newRunId } from '../../../src/ansible/run-id.ts';
import { acquireSlot } from '../../../src/remediation/slot.ts';
import { Machine } from '../cli-read/surroundings.ts';

/** Stands in for ansible-playbook: every node named in its extra-vars comes to the outcome that `outcomes` has for its run, line by line. */
const fake = `#!/bin/sh
here=$(dirname "$0")
while [ "$1" != -e ]; do shift; done
nodes=$(grep -o '"node": *"[^"]*"' "\${2#@}" | cut -d '"' -f 4)
rm -f "\${2#@}"
echo "$nodes" >>"$here/ran"
outcome=$(sed -n "$(wc -l <"$here/ran")p" "$here/outcomes")
said='' stats='"localhost":{"ok":1}'
for node in $(echo "$nodes" | tr , ' '); do
  said=$said\${said:+,}'"'$node'":{"outcome":"'$outcome'","message":"'$outcome'"}' stats=$stats',"'$node'":{"ok":1}'
done
printf '%s\\n' '{"v":1,"n":1,"t":1,"e":"stats","stats":{'"$stats"'},"custom":{"_run":{"regrow":{'"$said"'}}}}' >>"$REGROW_EVENTS"
`;

/** An admin host of a pool of that size, whose runs come to these outcomes in turn. */
function adminHost(size: number, outcomes: readonly string[]) {
  const machine = new Machine();
  const folder = join(dirname(machine.configPath), 'fake');
  mkdirSync(folder);
  writeFileSync(join(folder, 'ansible-playbook'), fake);
  chmodSync(join(folder, 'ansible-playbook'), 0o755);
  writeFileSync(join(folder, 'outcomes'), `${outcomes.join('\n')}\n`);
  const names = Array.from({ length: size }, (_, index) => `web${index + 1}`);
  const text = readFileSync(machine.configPath, 'utf8').replace(/nodes: \[[^\]]*\]/, `nodes: [${names.join(', ')}]`);
  writeFileSync(machine.configPath, `${text}self: none\nansible: {path: [${folder}], python_path: []}\n`);
  return {
    machine,
    bootstrap: async (...argv: readonly string[]) =>
      machine.regrow(['bootstrap', ...argv], { env: { PATH: process.env['PATH'] ?? '', P: 'hunter2hunter2' } }),
    ran: () => (existsSync(join(folder, 'ran')) ? readFileSync(join(folder, 'ran'), 'utf8').trim().split('\n') : []),
  };
}

describe('regrow bootstrap', () => {
  it('deploys a large pool in several runs, one after the other, and tells of all nodes', async () => {
    const { bootstrap, ran } = adminHost(8, ['rebuilt', 'already_healthy', 'rebuilt']);
    const { exitCode, stdout } = await bootstrap('--json');
    expect(ran()).toEqual(['web1,web2,web3', 'web4,web5,web6', 'web7,web8']);
    expect(exitCode).toBe(0);
    const { nodes } = JSON.parse(stdout) as {
      readonly nodes: readonly { readonly run: string; readonly node: string }[];
    };
    expect(nodes).toHaveLength(8);
    expect(new Set(nodes.map(({ run }) => run)).size).toBe(3);
  });

  it('begins no further run when every node of one came to nothing, and says how many are left', async () => {
    const { bootstrap, ran } = adminHost(8, ['rebuilt', 'failed', 'rebuilt']);
    const { exitCode, stdout, stderr } = await bootstrap();
    expect(ran()).toHaveLength(2);
    expect(exitCode).toBe(6);
    expect(stdout).toContain('web6');
    expect(stderr).toContain('2 of 8 nodes were not begun. To go on: regrow bootstrap');
  });

  it('answers programs, too, who has the slot of this machine', async () => {
    const { machine, bootstrap, ran } = adminHost(3, []);
    const run = newRunId();
    const slot = await acquireSlot(machine.stateDir, { run, node: 'web2' });
    onTestFinished(async () => (slot.kind === 'held' ? slot.release() : undefined));
    const { exitCode, stdout, stderr } = await bootstrap('--json');
    expect(exitCode).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'busy', holder: { run, node: 'web2' } });
    expect(stderr).toContain(`A run on web2 already goes on on this machine (run ${run}).`);
    expect(ran()).toEqual([]);
  });

  it('leaves no run open that could not begin', async () => {
    const { machine } = adminHost(3, []);
    const { exitCode, stderr } = await machine.regrow(['bootstrap'], { env: { PATH: process.env['PATH'] ?? '' } });
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('P');
    expect(machine.journal.runs.list({ kinds: ['bootstrap'] })).toMatchObject([{ state: 'done', outcome: 'failed' }]);
    expect(machine.journal.runs.unfinished()).toEqual([]);
  });

  it('deploys those named only', async () => {
    const { bootstrap, ran } = adminHost(8, ['rebuilt']);
    expect((await bootstrap('--node', 'web4', 'web8')).exitCode).toBe(0);
    expect(ran()).toEqual(['web4,web8']);
  });

  it('deploys none when one of those named is not of the pool', async () => {
    const { bootstrap, ran } = adminHost(8, ['rebuilt']);
    const end = await bootstrap('--node', 'web1', 'web2', 'web3', 'web9');
    expect(end).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('did you mean web') });
    expect(ran()).toEqual([]);
  });
});
