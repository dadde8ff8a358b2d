import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Machine } from '../cli-read/surroundings.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'regrow-unit-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
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
});
