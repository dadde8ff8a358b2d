import { createServer, type Server } from 'node:http';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itemsOf, member } from '../../../src/config/document.ts';
import { compiledSources } from '../compiled.ts';

/** A process whose file descriptors are used up measures a node that works, in every way, and then once more when they are free again. */
const program = `
import { openSync, closeSync } from 'node:fs';
const [measureUrl, watchUrl, clockUrl, checks] = process.argv.slice(1);
const { measure } = await import(measureUrl);
const { SelfWatch } = await import(watchUrl);
const { systemClock } = await import(clockUrl);
const means = { path: process.env.PATH };
const target = { name: 'a', address: '127.0.0.1' };
const all = async () => {
  const results = [];
  for (const check of JSON.parse(checks)) results.push(await measure(check, target, means).catch((error) => ({ thrown: String(error) })));
  return results;
};
await all(); // Everything that is loaded late is there.
const watch = new SelfWatch(systemClock());
const taken = [];
try { for (;;) taken.push(openSync('/dev/null')); } catch (error) { if (error.code !== 'EMFILE') throw error; }
const without = await all();
const { freeBytes } = await watch.facts('/', []);
for (const each of taken) closeSync(each);
const after = await all();
watch.stop();
process.stdout.write(JSON.stringify({ without, freeBytes, after }));
`;

function portOf(of: Server): number {
  const address = of.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen on TCP');
  return address.port;
}

const compiled = compiledSources();
let server: Server;
let port: number;
beforeAll(async () => {
  server = createServer((_, response) => response.end('ok'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = portOf(server);
});
afterAll(() => server.close());

describe('a controller without file descriptors', () => {
  it('says of no node that it failed, and measures on when it has some again', async () => {
    const url = `http://127.0.0.1:${port}/`;
    const checks = [
      { type: 'ping', timeout: 1000 },
      { type: 'tcp', port, timeout: 1000 },
      { type: 'http', url, status: null, text: null, validate_certs: true, timeout: 1000 },
      { type: 'command', command: ['/bin/true'], timeout: 1000 },
      { type: 'filesystem', path: '/', max_used: 100, timeout: 1000 },
      { type: 'memory', max_used: 100, timeout: 1000 },
      { type: 'cpu', max_used: 100, timeout: 1000 },
    ];
    const modules = ['monitor/probes/measure.js', 'monitor/self-watch.js', 'monitor/clock.js'].map(compiled);
    const { stdout } = await execa('prlimit', [
      // Enough to load everything at the beginning, when Node opens many files at once.
      '--nofile=512:512',
      process.execPath,
      '--input-type=module',
      '-e',
      program,
      ...modules,
      JSON.stringify(checks),
    ]);
    const told: unknown = JSON.parse(stdout);
    const statuses = (key: string): readonly unknown[] =>
      itemsOf(member(told, key)).map((result, index) => [checks[index]?.type, member(result, 'status') ?? result]);
    for (const status of statuses('without')) expect(status).not.toContain('failed');
    expect(statuses('without')).toEqual([
      ['ping', 'unknown'],
      ['tcp', 'unknown'],
      ['http', 'unknown'],
      ['command', 'unknown'],
      ['filesystem', 'ok'],
      ['memory', 'unknown'],
      ['cpu', 'unknown'],
    ]);
    expect(statuses('after')).toEqual(checks.map(({ type }) => [type, 'ok']));
  });
});
