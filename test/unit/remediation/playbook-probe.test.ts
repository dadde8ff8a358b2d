import { appendFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fakeAnsible } from '../ansible-engine/scratch-run.ts';
import { Machine } from '../cli-read/surroundings.ts';

const path = process.env['PATH'] ?? '';

/** What `regrow probe` says of a node whose only check is a playbook that runs like this. */
async function said(script: string): Promise<unknown> {
  const machine = new Machine();
  const playbook = join(dirname(machine.configPath), 'look.yml');
  writeFileSync(playbook, script);
  const check = `{type: playbook, playbook: ${playbook}, timeout: 20s, on_failure: rebuild}`;
  appendFileSync(machine.configPath, `ansible: {path: [${fakeAnsible}], python_path: []}\nchecks: {look: ${check}}\n`);
  const argv = ['probe', 'node', 'webbox2', '--only-rebuild', '--address', '192.0.2.7', '--json'];
  const { stdout, stderr } = await machine.regrow(argv, { env: { PATH: path, P: 'hunter2hunter2' } });
  return JSON.parse(stdout === '' ? stderr : stdout);
}

/** A run whose first task fails like this. */
function failing(action: string, result: object, custom: object = {}): string {
  const task = { id: 't1', name: 'Look', action };
  const failed = { v: 1, n: 4, t: 4, e: 'failed', host: 'localhost', ignored: false, task, start: 3, res: result };
  const stats = { v: 1, n: 5, t: 5, e: 'stats', stats: { localhost: { failures: 1 } }, custom };
  return `play_starts; task_starts a; event '${JSON.stringify(failed)}'; event '${JSON.stringify(stats)}'; exit 2`;
}

describe('what a check’s playbook says of a node', { timeout: 60_000 }, () => {
  it.each([
    ['vCenter cannot be reached', failing('regrow_pool_info', { msg: 'Unable to connect to vCenter: timed out' })],
    ['vCenter refuses the login', failing('regrow_pool_info', { msg: 'refused', regrow: { failure: 'auth_failed' } })],
    [
      'Ansible itself broke down',
      `play_starts; task_starts a; echo 'ERROR! A worker was found in a dead state'; exit 1`,
    ],
    [
      'the playbook says that it cannot tell',
      failing('fail', { msg: 'no' }, { _run: { regrow: { unknown: 'no address of webbox2 is known' } } }),
    ],
  ])('is nothing when %s', async (_, script) => {
    expect(await said(script)).toMatchObject({ verdict: 'unknown' });
  });

  it('is that it has failed when a task fails', async () => {
    expect(await said(failing('command', { msg: 'non-zero return code', rc: 1 }))).toMatchObject({ verdict: 'failed' });
  });
});
