import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { liveProcesses, sweep } from '../../../src/ansible/process.ts';
import { newRunId } from '../../../src/ansible/run-id.ts';
import { fakeAnsible } from '../ansible-engine/scratch-run.ts';
import { Machine } from '../cli-read/surroundings.ts';

const path = process.env['PATH'] ?? '';

/** A machine whose one check of each node is this script, read by the fake ansible-playbook. */
function machineWith(script: string) {
  const machine = new Machine();
  const playbook = join(dirname(machine.configPath), 'look.yml');
  writeFileSync(playbook, script);
  appendFileSync(
    machine.configPath,
    `ansible: {path: [${fakeAnsible}], python_path: []}
checks: {look: {type: playbook, playbook: ${playbook}, timeout: 20s, on_failure: rebuild}}
`,
  );
  const probe = async (env: Readonly<Record<string, string>> = { P: 'hunter2hunter2' }) => {
    const argv = ['probe', 'node', 'webbox2', '--only-rebuild', '--address', '192.0.2.7', '--json'];
    const { exitCode, stdout, stderr } = await machine.regrow(argv, { env: { PATH: path, ...env } });
    return { exitCode, said: stdout === '' ? stderr : (JSON.parse(stdout) as unknown) };
  };
  return { folder: dirname(machine.configPath), probe };
}

describe('a check that is a playbook', () => {
  it('is measured by a run of it, which knows the node and its address', async () => {
    const { probe, folder } = machineWith(
      `while [ "$1" != -e ]; do shift; done; cp "\${2#@}" "$(dirname "$playbook")/vars"; play_starts; task_starts a; passes; exit 0`,
    );
    expect(await probe()).toMatchObject({
      exitCode: 0,
      said: { verdict: 'passed', measurements: [{ check: 'look', type: 'playbook', status: 'ok' }] },
    });
    expect(existsSync(join(folder, 'vars'))).toBe(true);
  });

  it('fails where the node fails it, and says nothing of the node where this machine cannot run it', async () => {
    const failing = `play_starts; task_starts a; event '{"v":1,"n":4,"t":4,"e":"failed","host":"vm01","ignored":false,"task":{"id":"t1","name":"a","action":"x"},"start":3,"res":{"msg":"no"}}'; event '{"v":1,"n":5,"t":5,"e":"stats","stats":{"vm01":{"failures":1}},"custom":{}}'; exit 2`;
    expect(await machineWith(failing).probe()).toMatchObject({ exitCode: 1, said: { verdict: 'failed' } });
    expect(await machineWith('exit 5').probe()).toMatchObject({ exitCode: 3, said: { verdict: 'unknown' } });
  });

  it("goes on with the run's own password inside a rebuild, where this machine's variables are not known", async () => {
    const { probe } = machineWith(
      'if [ "$VMWARE_PASSWORD" != of-the-run ]; then exit 5; fi; play_starts; task_starts a; passes; exit 0',
    );
    const inARun = { REGROW_SECRETS: 'VMWARE_PASSWORD', VMWARE_PASSWORD: 'of-the-run' };
    expect(await probe(inARun)).toMatchObject({ exitCode: 0, said: { verdict: 'passed' } });
  });

  it('is a part of the rebuild that measures it: nothing of it is left when that one is swept', async () => {
    const { probe, folder } = machineWith(
      `mkfifo "$(dirname "$playbook")/hangs"; setsid sh -c 'read x <"$1"' _ "$(dirname "$playbook")/hangs" & sleep 30 & wait`,
    );
    const run = newRunId(Date.now());
    const measured = probe({ REGROW_SECRETS: 'VMWARE_PASSWORD', VMWARE_PASSWORD: 'of-the-run', REGROW_RUN: run });
    const fifo = join(folder, 'hangs');
    await expect.poll(() => existsSync(fifo), { timeout: 10_000 }).toBe(true);
    await expect.poll(async () => (await liveProcesses(run)).length, { timeout: 10_000 }).toBeGreaterThan(1);
    expect(await sweep(run)).toBeGreaterThan(1);
    expect(await liveProcesses(run)).toEqual([]);
    expect(await measured).toMatchObject({ exitCode: 3, said: { verdict: 'unknown' } });
  });
});
