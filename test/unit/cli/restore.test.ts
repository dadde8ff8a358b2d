import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Machine } from '../cli-read/surroundings.ts';

/** Stands in for ansible-playbook: tells which playbooks it was to run, and fails. */
const fake = `#!/bin/sh
for playbook; do :; done
echo "\${playbook##*/}" >>"$(dirname "$0")/ran"
exit 1
`;

function adminHost() {
  const machine = new Machine();
  const folder = join(dirname(machine.configPath), 'fake');
  mkdirSync(folder);
  writeFileSync(join(folder, 'ansible-playbook'), fake, { mode: 0o755 });
  const text = readFileSync(machine.configPath, 'utf8');
  writeFileSync(machine.configPath, `${text}self: none\nansible: {path: [${folder}], python_path: []}\n`);
  return {
    restore: async (...argv: readonly string[]) =>
      machine.regrow(['restore', ...argv], { env: { PATH: process.env['PATH'] ?? '', P: 'hunter2hunter2' } }),
    ran: () => (existsSync(join(folder, 'ran')) ? readFileSync(join(folder, 'ran'), 'utf8').trim().split('\n') : []),
  };
}

describe('regrow restore', () => {
  it('asks vCenter where the node is, and then restores it', async () => {
    const { restore, ran } = adminHost();
    expect((await restore('webbox2')).exitCode).toBe(6);
    expect(ran()).toEqual(['discover.yml', 'restore_node.yml']);
  });

  it('overrides the gates that a restore has, and no other', async () => {
    const { restore, ran } = adminHost();
    expect(await restore('webbox2', '--force', 'paused', '--force', 'quorum')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('quorum: not a gate that can be forced (paused, dry_run)'),
    });
    expect(ran()).toEqual([]);
  });

  it.each([[[]], [['--check']]])(
    'refuses a node that the pool has not before it asks anybody, with %j',
    async (more) => {
      const { restore, ran } = adminHost();
      const end = await restore('webbx2', ...more);
      expect(end).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('did you mean webbox2?') });
      expect(ran()).toEqual([]);
    },
  );
});
