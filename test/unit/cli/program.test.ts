import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJournal } from '../../../src/store/journal.ts';
import { printable, renderTable, styleFor } from '../../../src/cli/output.ts';
import { writeMembership } from '../../../src/config/membership-file.ts';
import { digestOf } from '../../../src/config/membership.ts';
import { contractPath, minimalText } from '../config/sample.ts';
import { regrow } from './terminal.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regrow-cli-'));
  file = join(folder, 'regrow.yml');
  const checks = 'checks: {p: {type: ping, on_failure: rebuild}}';
  const http = "http: {listen: '0.0.0.0:8460', token: {file: /t}}";
  await writeFile(file, `${minimalText}state_dir: ${folder}/state\n${checks}\n${http}\n`);
});
afterEach(() => rm(folder, { recursive: true }));

describe('the command line', () => {
  it('shows its commands on stdout when asked for help, and on stderr when called with nothing', async () => {
    const help = await regrow(['--help']);
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    for (const command of ['config', 'doctor', 'inventory', 'probe', 'version'])
      expect(help.stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    expect(await regrow([])).toMatchObject({ exitCode: 2, stdout: '', stderr: help.stdout });
  });

  it.each([
    [['versoin'], 'Did you mean version?'],
    [['config', 'chekc'], 'Did you mean check?'],
    [['version', '--outptu', 'json'], 'Did you mean --output?'],
    [['version', '-o', 'xml'], 'Allowed choices are table, json, yaml'],
    [['probe', 'node'], 'missing required argument'],
    [['probe', 'node', 'web1', '--wait', 'soon'], 'Expected a duration'],
    [['probe', 'node', 'web1', '--wait', '60'], 'with its unit'],
    [['probe', 'node', 'web1', '--wait', '0s'], 'more than 0'],
    [['replay', '--policy', 'other.yml', '--since', '7'], 'with its unit'],
    [['replay', '--policy', 'other.yml', '--since', '0d'], 'more than 0'],
    [['probe', 'node', 'web1', '--address', 'web1.example.org'], 'Expected an IP address'],
    [['version', 'extra'], 'too many arguments'],
  ])('refuses %j with exit code 2 and a hint', async (args, hint) => {
    const end = await regrow(args);
    expect(end).toMatchObject({ exitCode: 2, stdout: '' });
    expect(end.stderr).toContain(hint);
  });

  it('tells its version wherever --version stands, and does nothing else', async () => {
    const told = await regrow(['--version']);
    expect(told).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^regrow \d+\.\d+\.\d+\n$/), stderr: '' });
    expect(await regrow(['rebuild', 'webbox2', '--version'])).toEqual(told);
  });

  it.each([['--json'], ['-o', 'yaml']])(
    'tells a fault as text on stderr with %s, too, and nothing on stdout',
    async (...form) => {
      const end = await regrow(['probe', 'node', 'web9', '--config', file, ...form]);
      expect(end).toMatchObject({ exitCode: 2, stdout: '' });
      expect(end.stderr).toMatch(/^error: .*web9.*\nwhat to do: .*\n$/m);
      expect(await regrow(['status', '--config', join(folder, 'none.yml'), ...form])).toMatchObject({
        exitCode: 2,
        stdout: '',
      });
    },
  );

  it('takes the global options before and after the command', async () => {
    const json = await regrow(['--json', 'version']);
    expect(JSON.parse(json.stdout)).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    expect(await regrow(['version', '-o', 'json'])).toEqual(json);
    expect(load((await regrow(['version', '--output', 'yaml'])).stdout)).toEqual(JSON.parse(json.stdout));
  });

  const green = '\u001b[32m';
  it.each<[boolean, Record<string, string>, boolean]>([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { TERM: 'dumb', FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ])('on a terminal: %s, with %j, uses colour: %s', async (isTTY, env, isColoured) => {
    const { stdout } = await regrow(['--config', contractPath, 'config', 'check'], { isTTY, env });
    expect(stdout.includes(green)).toBe(isColoured);
  });
});

describe('regrow config', () => {
  it('finds the file by --config, else by REGROW_CONFIG', async () => {
    expect(await regrow(['config', 'check'], { env: { REGROW_CONFIG: contractPath } })).toMatchObject({ exitCode: 0 });
    const missing = await regrow(['config', 'check', '--config', join(folder, 'none.yml')], {
      env: { REGROW_CONFIG: contractPath },
    });
    expect(missing).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('none.yml') });
    expect(missing.stderr).toContain('what to do:');
  });

  it('check says every problem on its own line and ends with exit code 2', async () => {
    await writeFile(file, `${minimalText}self: 1\nslef: auto\n`);
    const end = await regrow(['config', 'check', '--config', file]);
    expect(end).toMatchObject({ exitCode: 2, stdout: '' });
    expect(end.stderr).toContain(`${file}:5:7: self: expected`);
    expect(end.stderr).toContain(`${file}:6:1: slef: unknown key`);
  });

  it('check answers programs with the problems as data', async () => {
    await writeFile(file, `${minimalText}self: 1\n`);
    const end = await regrow(['config', 'check', '--config', file, '--json']);
    expect(end.exitCode).toBe(2);
    expect(JSON.parse(end.stdout)).toMatchObject({ ok: false, problems: [{ file, line: 5, column: 7, path: 'self' }] });
  });

  it('show prints the effective values as a configuration, and no secret', async () => {
    await writeFile(file, minimalText.replace('{env: VCENTER_PASSWORD}', 'hunter2'));
    const end = await regrow(['config', 'show', '--config', file]);
    expect(end).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('literal secret') });
    expect(load(end.stdout)).toMatchObject({ vcenter: { password: '(hidden)' }, remediation: { deadline: '30m' } });
    expect(end.stdout + end.stderr).not.toContain('hunter2');
  });

  it('check examines the file, show prints what holds, and both say beside it that a newer membership holds', async () => {
    const own = ['web1', 'web2', 'web3'];
    const record = { version: 2, by: 'web2', at: '2026-01-01T00:00:00.000Z', pool: 'web', basis: digestOf(own) };
    await writeMembership(join(folder, 'state'), { ...record, nodes: ['web1', 'web2', 'web4', 'web5'] });
    const note = expect.stringMatching(/^note: version 2 of the membership, published by web2 .*: added web4, web5; /);
    const check = await regrow(['config', 'check', '--config', file]);
    expect(check).toMatchObject({ exitCode: 0, stderr: note, stdout: expect.stringContaining('pool web, 3 nodes') });
    const show = await regrow(['config', 'show', '--config', file]);
    expect(show).toMatchObject({ exitCode: 0, stderr: note });
    expect(load(show.stdout)).toMatchObject({ pool: { nodes: ['web1', 'web2', 'web4', 'web5'] } });
    const list = await regrow(['inventory', '--list', '--config', file]);
    expect(Object.keys(JSON.parse(list.stdout)._meta.hostvars)).toEqual(expect.arrayContaining(['web5']));
    expect(list.stderr).toBe('');
  });

  it('schema prints JSON without reading any configuration', async () => {
    const end = await regrow(['config', 'schema', '--config', '/nonexistent']);
    expect(JSON.parse(end.stdout)).toMatchObject({ title: 'regrow.yml', type: 'object' });
  });
});

describe('regrow inventory', () => {
  it('speaks Ansible’s protocol, with addresses from the journal', async () => {
    const journal = openJournal(join(folder, 'state'));
    const seen = {
      moid: 'vm-1',
      instance_uuid: 'u',
      power: 'poweredOn',
      certified: true,
      seen_at: '2026-01-01T00:00:00.000Z',
    };
    journal.nodes.upsert({ name: 'web2', address: '10.0.0.9', ...seen });
    journal.close();
    const list = await regrow(['inventory', '--list', '--config', file]);
    expect(JSON.parse(list.stdout)).toMatchObject({
      _meta: { hostvars: { web1: {}, web2: { ansible_host: '10.0.0.9' } } },
    });
    const host = await regrow(['inventory', '--host', 'web2', '--config', file]);
    expect(JSON.parse(host.stdout)).toEqual({ ansible_host: '10.0.0.9' });
  });

  it('makes no journal, and needs none', async () => {
    expect(await regrow(['inventory', '--list', '--config', file])).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await readdir(folder)).toEqual(['regrow.yml']);
  });

  it('refuses a host that is not in it', async () => {
    const end = await regrow(['inventory', '--host', 'web9', '--config', file]);
    expect(end).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('choose one of: web1') });
  });

  it('is asked for all or for one, not for both', async () => {
    const end = await regrow(['inventory', '--list', '--host', 'web1', '--config', file]);
    expect(end).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('cannot be used with') });
  });
});

describe('regrow probe node', () => {
  const probe = async (checks: string, ...args: string[]): ReturnType<typeof regrow> => {
    await writeFile(file, `${minimalText}state_dir: ${folder}/state\nchecks: ${checks}\n`);
    return regrow(['probe', 'node', 'web1', '--config', file, ...args], { env: { PATH: process.env['PATH'] } });
  };
  const ok = 'good: {type: command, command: ["true"], on_failure: rebuild}';
  const bad = 'bad: {type: command, command: ["false"]}';
  const lost = 'lost: {type: command, command: [/nonexistent/x]}';

  it('ends with 0 when all pass, 1 when one fails, 3 when it is not known', async () => {
    expect((await probe(`{${ok}}`)).exitCode).toBe(0);
    expect((await probe(`{${ok}, ${bad}, ${lost}}`)).exitCode).toBe(1);
    expect((await probe(`{${ok}, ${lost}}`)).exitCode).toBe(3);
  });

  it('does not take nothing measured for healthy', async () => {
    const end = await probe(`{${bad}}`, '--only-rebuild');
    expect(end).toMatchObject({ exitCode: 3, stdout: '', stderr: expect.stringContaining('Nothing to measure') });
    expect(end.stderr).toContain('web1 has no check that leads to a rebuild');
  });

  it('says for the own machine, too, that there is nothing to measure, and where its checks would be', async () => {
    await writeFile(file, `${minimalText}state_dir: ${folder}/state\n`);
    expect(await regrow(['probe', 'self', '--config', file])).toMatchObject({
      exitCode: 3,
      stdout: '',
      stderr: expect.stringContaining('regrow.yml has no host_checks'),
    });
    expect(await regrow(['probe', 'self', '--check', 'disk', '--config', file])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('There is no check "disk" under host_checks.'),
    });
  });

  it('measures only the checks that are asked for', async () => {
    expect((await probe(`{${ok}, ${bad}}`, '--only-rebuild')).exitCode).toBe(0);
    const end = await probe(`{${ok}, ${bad}}`, '--check', 'bad', '--json');
    expect(JSON.parse(end.stdout)).toMatchObject({
      node: 'web1',
      address: null,
      verdict: 'failed',
      measurements: [{ check: 'bad', type: 'command', status: 'failed', detail: 'exit status 1' }],
    });
    expect(await probe(`{${ok}}`, '--check', 'gone')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('choose one of: good'),
    });
  });

  it('measures again until all pass', async () => {
    const later = `later: {type: command, command: [sh, -c, 'test -e ${folder}/up || { touch ${folder}/up; exit 1; }']}`;
    const end = await probe(`{${later}}`, '--wait', '20s', '--json');
    expect(JSON.parse(end.stdout)).toMatchObject({ verdict: 'passed', rounds: 2 });
  });

  it('ends with the last measurement when the time is up', async () => {
    const end = await probe(`{${bad}}`, '--wait', '1500ms', '--json');
    expect(end.exitCode).toBe(1);
    expect(JSON.parse(end.stdout)).toMatchObject({ verdict: 'failed', rounds: 2 });
  });

  it('refuses a node that the pool has not', async () => {
    const end = await regrow(['probe', 'node', 'web9', '--config', file]);
    expect(end).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('did you mean web') });
  });
});

describe('a table', () => {
  it('aligns its columns whatever colours are in it', () => {
    const style = styleFor(true);
    const text = renderTable(
      ['NODE', 'STATE'],
      [
        ['web1', style.green('ok')],
        ['webbox22', style.red('down')],
      ],
    );
    // oxlint-disable-next-line eslint/no-control-regex -- the colour codes themselves
    expect(text.replace(/\u001b\[\d+m/g, '')).toBe('NODE      STATE\nweb1      ok\nwebbox22  down\n');
  });

  it('shows control characters of foreign data instead of obeying them', () => {
    expect(printable('a\u001b[2Jb\nc')).toBe('a\\x1b[2Jb\\x0ac');
  });
});
