import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Machine } from '../cli-read/surroundings.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'regrow-unit-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A systemctl that takes everything, and what it was told. */
function systemctl(): { readonly env: Readonly<Record<string, string>>; readonly told: () => readonly string[] } {
  const bin = folder();
  const log = join(bin, 'told');
  writeFileSync(log, '');
  writeFileSync(join(bin, 'systemctl'), `#!/bin/sh\necho "$*" >> ${log}\n`, { mode: 0o755 });
  return { env: { PATH: `${bin}:/usr/bin:/bin` }, told: () => readFileSync(log, 'utf8').split('\n').slice(0, -1) };
}

async function printed(): Promise<string> {
  const { exitCode, stdout } = await new Machine().regrow(['install-service', '--print']);
  expect(exitCode).toBe(0);
  return stdout;
}

describe('install-service', () => {
  it('names this program, its configuration and its state, and nothing of the template is left over', async () => {
    const machine = new Machine();
    const { stdout } = await machine.regrow(['install-service', '--print']);
    expect(stdout).toContain(`ExecStart=${process.execPath} `);
    expect(stdout).toContain(` --config ${machine.configPath} run\n`);
    expect(stdout).toContain(`ReadWritePaths=-${machine.stateDir} `);
    expect(stdout).not.toMatch(/@[A-Z_]+@/);
  });

  it('is a unit that systemd understands, with an exposure below 5.0', async () => {
    const unit = join(folder(), 'regrow.service');
    writeFileSync(unit, (await printed()).replace(/^Documentation=.*\n/m, ''));
    const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', unit], {
      encoding: 'utf8',
    });
    const exposure = Number(/Overall exposure level for regrow\.service: ([\d.]+)/.exec(stdout)?.[1]);
    expect(exposure).toBeGreaterThan(0);
    expect(exposure).toBeLessThan(5);
  });

  it('says what to do about a state_dir that cannot be made, such as one in /proc', async () => {
    const machine = new Machine();
    const text = readFileSync(machine.configPath, 'utf8').replace(/^state_dir: .*/m, 'state_dir: /proc/x');
    writeFileSync(machine.configPath, text, { mode: 0o600 });
    const unit = join(folder(), 'regrow.service');
    const { exitCode, stderr } = await machine.regrow(['install-service', '--unit', unit], { env: systemctl().env });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^error: \/proc\/x cannot be written: .*\nwhat to do: /m);
    expect(existsSync(unit)).toBe(false);
  });

  it.each(['regrow.service', '/etc/systemd/system/regrow', '/tmp/regrow.conf', '/tmp/.service'])(
    'writes no unit to %s, which systemd would not read',
    async (unit) => {
      const { env, told } = systemctl();
      const end = await new Machine().regrow(['install-service', '--unit', unit], { env });
      expect(end).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('ends in .service') });
      expect(told()).toEqual([]);
    },
  );

  it('does not replace a unit that differs', async () => {
    const unit = join(folder(), 'regrow.service');
    writeFileSync(unit, '# mine\n');
    const { exitCode, stderr } = await new Machine().regrow(['install-service', '--unit', unit]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/is there already, and differs[^]*--force replaces it/);
    expect(readFileSync(unit, 'utf8')).toBe('# mine\n');
  });

  it('leaves one that is the same alone', async () => {
    const machine = new Machine();
    const unit = join(folder(), 'regrow.service');
    writeFileSync(unit, (await machine.regrow(['install-service', '--print'])).stdout);
    const { exitCode, stdout } = await machine.regrow(['install-service', '--unit', unit]);
    expect(stdout).toMatch(/regrow\.service: unchanged\n/);
    expect(exitCode).toBe(0);
  });

  it('enables the unit that it wrote, whatever its name', async () => {
    const { env, told } = systemctl();
    const unit = join(folder(), 'second.service');
    const { exitCode } = await new Machine().regrow(['install-service', '--enable', '--unit', unit], { env });
    expect(told()).toEqual(['daemon-reload', 'enable --now second.service']);
    expect(exitCode).toBe(0);
  });

  it('restarts the daemon by a unit that it replaced, or says how', async () => {
    const { env, told } = systemctl();
    const unit = join(folder(), 'regrow.service');
    const machine = new Machine();
    writeFileSync(unit, '# mine\n');
    await machine.regrow(['install-service', '--force', '--enable', '--unit', unit], { env });
    expect(told()).toEqual(['daemon-reload', 'enable regrow.service', 'restart regrow.service']);
    writeFileSync(unit, '# mine\n');
    const { stdout } = await machine.regrow(['install-service', '--force', '--unit', unit], { env });
    expect(stdout).toContain('systemctl enable regrow.service && systemctl restart regrow.service\n');
    expect(told().slice(3)).toEqual(['daemon-reload']);
  });

  it('makes the folder of the state, for its owner alone, and leaves one that is there as it is', async () => {
    const { env } = systemctl();
    const unit = join(folder(), 'regrow.service');
    const machine = new Machine();
    machine.journal.close();
    rmSync(machine.stateDir, { recursive: true });
    await machine.regrow(['install-service', '--print'], { env });
    expect(existsSync(machine.stateDir)).toBe(false);
    await machine.regrow(['install-service', '--unit', unit], { env });
    expect(statSync(machine.stateDir).mode & 0o777).toBe(0o700);
    writeFileSync(join(machine.stateDir, 'kept'), '');
    expect((await machine.regrow(['install-service', '--unit', unit], { env })).exitCode).toBe(0);
    expect(readdirSync(machine.stateDir)).toEqual(['kept']);
  });

  it.each([
    ['/nonexistent/regrow.service', /Make its folder first/],
    ['/dev/null/regrow.service', /Make its folder first/],
  ])('says what to do about a unit that cannot be written: %s', async (unit, remedy) => {
    const { env, told } = systemctl();
    const { exitCode, stderr } = await new Machine().regrow(['install-service', '--force', '--unit', unit], { env });
    expect(stderr).toContain(`error: ${unit} cannot be written: `);
    expect(stderr).toMatch(remedy);
    expect(stderr).not.toContain('defect');
    expect([exitCode, told()]).toEqual([2, []]);
  });

  it('says what to do about a folder that has the name of the unit', async () => {
    const { env, told } = systemctl();
    const unit = join(folder(), 'regrow.service');
    mkdirSync(unit);
    const { exitCode, stderr } = await new Machine().regrow(['install-service', '--force', '--unit', unit], { env });
    expect(stderr).toMatch(/regrow\.service cannot be written: [^]*Name a file: this is a folder/);
    expect([exitCode, told()]).toEqual([2, []]);
  });

  it('says what to do about a folder of the state that cannot be made', async () => {
    const machine = new Machine();
    const { env } = systemctl();
    const unit = join(folder(), 'regrow.service');
    const text = readFileSync(machine.configPath, 'utf8');
    writeFileSync(machine.configPath, text.replace(machine.stateDir, '/dev/null/state'));
    const { exitCode, stderr } = await machine.regrow(['install-service', '--unit', unit], { env });
    expect(stderr).toMatch(/error: \/dev\/null\/state cannot be written[^]*what to do: /);
    expect([exitCode, existsSync(unit)]).toEqual([2, false]);
  });

  it('leaves nothing half-written behind', async () => {
    const { env } = systemctl();
    const place = folder();
    const machine = new Machine();
    await machine.regrow(['install-service', '--unit', join(place, 'regrow.service')], { env });
    expect(readdirSync(place)).toEqual(['regrow.service']);
  });
});
