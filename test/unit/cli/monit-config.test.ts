import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { monitFiles } from '../../../src/cli/monit-files.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/schema.ts';
import { Machine } from '../cli-read/surroundings.ts';

const command = ['/usr/bin/node', '/opt/regrow/dist/main.js', '--config', '/etc/regrow/regrow.yml'];

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'regrow-monit-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A pool of so many nodes, with a check of every type and every action. */
async function config(size: number): Promise<Config> {
  const path = join(folder(), 'regrow.yml');
  const nodes = Array.from({ length: size }, (_, index) => `webbox${index + 1}`);
  writeFileSync(
    path,
    `pool: {name: web, nodes: [${nodes.join(', ')}]}
vcenter: {hostname: vc.lab, username: u, password: {env: P}, datacenter: dc, folder: /dc/vm/web, cluster: c1, datastore: ds1, networks: {VM Network: N}}
image: {ovf: /image.ovf}
checks:
  ping: {type: ping, on_failure: rebuild}
  web: {type: http, url: "http://{{ address }}/", interval: 1m, timeout: 5s, failures: 100, on_failure: restore}
  port: {type: tcp, port: 22, on_failure: {exec: [/usr/bin/logger, "it's down"]}}
host_checks:
  index: {type: http, url: "http://127.0.0.1/", on_failure: reboot}
  rootfs: {type: filesystem, path: /, max_used: 90%, on_failure: alert}
`,
  );
  return (await loadConfig(path)).config;
}

const newerMonit = new URL('../../../.cache/monit-5.34/monit', import.meta.url).pathname;

/** What real Monit says of the files. */
function monitSays(
  files: Readonly<Record<string, string>>,
  monit = 'monit',
): { readonly status: number | null; readonly text: string } {
  const dir = folder();
  const rc = join(dir, 'monitrc');
  writeFileSync(rc, ['set daemon 20', ...Object.values(files)].join('\n'));
  chmodSync(rc, 0o600);
  const { status, stdout, stderr } = spawnSync(monit, ['-t', '-c', rc], {
    encoding: 'utf8',
    env: { HOME: dir, PATH: '/usr/bin:/bin' },
  });
  return { status, text: stdout + stderr };
}

describe('monit-config', () => {
  it.each([3, 50, 500])('is accepted by Monit for %d nodes', async (size) => {
    const files = monitFiles({ config: await config(size), self: 'webbox1', command, cycleMs: 20_000 });
    for (const monit of ['monit', newerMonit]) {
      const { status, text } = monitSays(files, monit);
      expect(text).toContain('syntax OK');
      expect(status).toBe(0);
    }
    expect(files['regrow-pool'].match(/^check program/gm)).toHaveLength(3 * (size - 1) + 1);
  });

  it('asks for a rebuild that the gates judge, at the failure that the check has configured, and never of its own node', async () => {
    const { 'regrow-pool': pool } = monitFiles({ config: await config(3), self: 'webbox1', command, cycleMs: 20_000 });
    expect(pool).toContain(
      [
        `check program regrow_webbox2_ping with path "${command.join(' ')} probe node webbox2 --check ping --vcenter" with timeout 30 seconds`,
        `  if status = 1 for 3 cycles then exec "${command.join(' ')} rebuild webbox2 --from-monit --confirm webbox2 --no-wait" repeat every 6 cycles`,
      ].join('\n'),
    );
    expect(pool).not.toContain('webbox1');
    expect(pool).toContain(
      `every 3 cycles\n  if status = 1 for 64 cycles then exec "${command.join(' ')} restore webbox2 --from-monit"`,
    );
  });

  it('has one rule a program, and leaves a reboot to the daemon', async () => {
    const files = monitFiles({ config: await config(3), self: 'webbox1', command, cycleMs: 20_000 });
    for (const program of Object.values(files)
      .join('\n')
      .split(/^check program/m)
      .slice(1))
      expect(program.match(/^ {2}if /gm)).toHaveLength(1);
    expect(files['regrow-host']).toMatch(/regrow_self_index: the reboot is left to the daemon/);
    expect(files['regrow-host']).not.toContain('exec');
  });

  it.each([
    ['20', 'with its unit'],
    ['0s', 'more than 0'],
  ])('refuses a cycle of %s, and writes nothing', async (cycle, hint) => {
    const dir = folder();
    const end = await new Machine().regrow(['monit-config', '--dir', dir, '--cycle', cycle]);
    expect(end).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(hint) });
    expect(readdirSync(dir)).toEqual([]);
  });

  it('counts in cycles of 20 s unless told otherwise, and says so in its help', async () => {
    const machine = new Machine();
    const [usual, told, other] = await Promise.all(
      [[], ['--cycle', '20s'], ['--cycle', '10s']].map((more) => machine.regrow(['monit-config', '--json', ...more])),
    );
    expect(told).toEqual(usual);
    expect(other).not.toEqual(usual);
    expect((await machine.regrow(['monit-config', '--help'])).stdout).toContain('(default: 20s)');
  });

  it('writes files that only root reads, and nothing beside them', async () => {
    const dir = folder();
    const { exitCode, stdout } = await new Machine().regrow(['monit-config', '--dir', dir]);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`${join(dir, 'regrow-pool')}\n${join(dir, 'regrow-host')}\n`);
    expect(readdirSync(dir).toSorted()).toEqual(['regrow-host', 'regrow-pool']);
    expect(statSync(join(dir, 'regrow-pool')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(dir, 'regrow-pool'), 'utf8')).toMatch(/^# Checks of the pool web/);
  });

  it('says what to do about a folder in which nothing can be written', async () => {
    const { exitCode, stderr } = await new Machine().regrow(['monit-config', '--dir', '/nonexistent']);
    expect(stderr).toMatch(
      /error: \/nonexistent\/regrow-pool cannot be written: ENOENT[^]*what to do: Make its folder/,
    );
    expect(stderr).not.toContain('defect');
    expect(exitCode).toBe(2);
  });
});
