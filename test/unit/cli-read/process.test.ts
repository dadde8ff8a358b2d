import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';
import { compiledSources } from '../compiled.ts';
import { Machine } from './surroundings.ts';

const compiled = compiledSources();

/** The configuration of these tests is worth a warning. */
const withoutWarnings = (text: string): string => text.replace(/^warning: .*\n?/gm, '');

it('is quiet when its reader goes away', async () => {
  const machine = new Machine();
  // More than a pipe holds.
  for (let run = 1; run <= 2000; run += 1) machine.begun(String(run).padStart(14, '0'));
  const piped = '"$@" | head -n 1; echo "${PIPESTATUS[0]}"';
  const regrow = [process.execPath, fileURLToPath(compiled('main.js')), '--config', machine.configPath];
  const { stdout, stderr } = await execa('bash', ['-c', piped, 'bash', ...regrow, 'history', '-n', '2000', '--json']);
  expect(stdout.split('\n')).toEqual(['{', '0']);
  expect(withoutWarnings(stderr)).toBe('');
});

it.each([['--help'], ['config', 'schema'], ['completion', 'bash']])(
  'says so, once, and ends with 1 when its output cannot be written: %s',
  async (...argv) => {
    const regrow = [process.execPath, fileURLToPath(compiled('main.js')), ...argv];
    const { exitCode, stderr } = await execa('bash', ['-c', '"$@" > /dev/full', 'bash', ...regrow], { reject: false });
    expect(stderr).toMatch(/^error: the output could not be written: ENOSPC.*\nwhat to do: .*$/);
    expect(exitCode).toBe(1);
  },
);

it('leaves a run that it follows by the first Ctrl-C, and says that it goes on', async () => {
  const machine = new Machine();
  const id = machine.begun('00000000000001');
  machine.journal.runs.transition(id, 'running', { step: 'fence' });
  machine.append(id, 'output.log', 'TASK [fence : Power off] ****\n');
  const argv = [fileURLToPath(compiled('main.js')), '--config', machine.configPath, 'logs', '-f', id];
  const following = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void following.kill('SIGKILL'));
  let said = '';
  following.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  await once(following.stdout, 'data');
  const ended = once(following, 'close');
  following.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
  expect(withoutWarnings(said)).toBe(`The run goes on. Follow it again with: regrow logs -f ${id}\n`);
  expect(machine.journal.runs.get(id)?.state).toBe('running');
});
