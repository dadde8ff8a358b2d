import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { Machine } from '../cli-read/surroundings.ts';
import { compiledSources } from '../compiled.ts';
import { served } from '../http/fake-controller.ts';
import { nodeReport, poolReport } from '../http/sample-report.ts';

const compiled = compiledSources();

it('shows what changes, goes on when the controller falls silent, and ends with 0 by Ctrl-C', async () => {
  let report = poolReport();
  const server = await served({ report: () => ({ ...report, at: new Date().toISOString() }) });
  const machine = new Machine({ listen: new URL(server.url).host });
  const argv = [fileURLToPath(compiled('main.js')), '--config', machine.configPath, 'status', '--watch'];
  const watching = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void watching.kill('SIGKILL'));
  let text = '';
  watching.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const shows = async (part: string): Promise<void> => {
    while (!text.includes(part)) await once(watching.stdout, 'data');
  };

  await shows('3 of 3 nodes of web healthy');
  report = poolReport({
    nodes: [nodeReport('webbox1'), nodeReport('webbox2', { state: 'faulted', why: 'ping failed' })],
  });
  await shows('ping failed');
  await server.close();
  await shows('The controller does not answer since');
  const ended = once(watching, 'exit');
  watching.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
  expect(text.match(/^NODE /gm)).toHaveLength(3);
  expect(text).not.toContain('\u001b');
});
