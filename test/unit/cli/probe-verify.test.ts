import { appendFileSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Machine } from '../cli-read/surroundings.ts';

const task = readFileSync(
  fileURLToPath(new URL('../../../ansible/roles/rebuild/tasks/verify.yml', import.meta.url)),
  'utf8',
);

/** The options that the playbook verifies a new node with. */
const options = [...task.matchAll(/'(--[a-z-]+)'/g)].map(([, option = '']) => option);

/** How the verification of a new node ends, with these checks. */
async function exitCodeOf(checks: Readonly<Record<string, readonly [string, string]>>): Promise<number | undefined> {
  const machine = new Machine();
  const lines = Object.entries(checks).map(
    ([name, [command, action]]) => `  ${name}: {type: command, command: [${command}], on_failure: ${action}}`,
  );
  appendFileSync(machine.configPath, `checks:\n${lines.join('\n')}\n`);
  const values: Readonly<Record<string, string>> = { '--address': '192.0.2.7', '--wait': '1s' };
  const argv = options.flatMap((option) => (values[option] === undefined ? [option] : [option, values[option]]));
  const { exitCode } = await machine.regrow(['probe', 'node', 'webbox2', ...argv], {
    env: { PATH: '/usr/bin:/bin', P: 'x' },
  });
  return exitCode;
}

describe('the verification of a new node', { timeout: 60_000 }, () => {
  it('fails by a check that asks for a rebuild', async () =>
    expect(await exitCodeOf({ up: ['/bin/false', 'rebuild'] })).toBe(1));

  it('is not failed by a check that only alerts: an alert of the whole pool must not keep every dead node from being rebuilt', async () =>
    expect(await exitCodeOf({ up: ['/bin/true', 'rebuild'], quota: ['/bin/false', 'alert'] })).toBe(0));
});
