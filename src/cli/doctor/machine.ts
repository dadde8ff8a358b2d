import { access, constants, open, stat } from 'node:fs/promises';
import type { Config } from '../../config/schema.ts';
import { fail, ok, warn, type Finding } from './finding.ts';
import { askTool } from './tool.ts';

/** Whether this machine has what a controller needs: state_dir, ssh key, fping, a clock that is right. */
export async function machineFindings(config: Config): Promise<readonly Finding[]> {
  return Promise.all([
    stateFinding(config.state_dir),
    keyFinding(config.ssh.private_key_file),
    clockFinding(),
    ...(usesPing(config) ? [fpingFinding()] : []),
  ]);
}

async function stateFinding(path: string): Promise<Finding> {
  const found = await stat(path).catch(() => undefined);
  const remedy = `install -d -m 0700 ${path}`;
  if (!found) return warn('state_dir', `${path} does not exist yet`, remedy);
  if (!found.isDirectory()) return fail('state_dir', `${path} is no directory`, 'name another state_dir');
  if (!(await may(path, constants.W_OK)))
    return fail('state_dir', `${path} cannot be written`, 'run regrow as the user that owns it');
  if ((found.mode & 0o077) !== 0) return warn('state_dir', `others can read ${path}`, `chmod 700 ${path}`);
  return ok('state_dir', path);
}

async function keyFinding(path: string): Promise<Finding> {
  const item = 'ssh key';
  const make = `ssh-keygen -t ed25519 -N '' -f ${path}, and put the public key into the image`;
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return fail(item, `${path} does not exist`, make);
  if ((found.mode & 0o077) !== 0) return fail(item, `others can read ${path}: ssh refuses it`, `chmod 600 ${path}`);
  if (!(await may(path, constants.R_OK)))
    return fail(item, `${path} cannot be read`, 'run regrow as the user that owns it');
  if (!(await startsLikeAKey(path))) return fail(item, `${path} is no private key`, make);
  const opened = await askTool('ssh-keygen', ['-y', '-P', '', '-f', path], { home: '/nonexistent' });
  if (opened.missing) return fail(item, 'ssh-keygen is not installed', 'apt-get install openssh-client');
  if (opened.exitCode !== 0) return fail(item, `${path} is damaged, or has a passphrase that nobody can type`, make);
  return ok(item, `${path} (${opened.stdout.split(' ')[0] ?? ''})`);
}

async function startsLikeAKey(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
    return /^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(buffer.toString('latin1', 0, bytesRead));
  } finally {
    await file.close();
  }
}

async function clockFinding(): Promise<Finding> {
  const answer = await askTool('timedatectl', ['show', '--property=NTPSynchronized', '--value'], {
    home: '/nonexistent',
  });
  const state = answer.stdout.trim();
  if (state === 'yes') return ok('clock', 'synchronised');
  const remedy =
    'start systemd-timesyncd, chrony or ntpd; times in the journal and in marks are for people, no decision hangs on them';
  return warn('clock', state === 'no' ? 'not synchronised' : 'nobody here knows whether it is synchronised', remedy);
}

function usesPing(config: Config): boolean {
  const checks = [...Object.values(config.checks), ...Object.values(config.host_checks)];
  const own = config.pool.nodes.flatMap((node) => Object.values(node.checks ?? {}));
  return checks.some((check) => check.type === 'ping') || own.some((check) => check?.['type'] === 'ping');
}

async function fpingFinding(): Promise<Finding> {
  const answer = await askTool('fping', ['--version'], { home: '/nonexistent' });
  if (answer.missing) return fail('fping', 'not installed; checks of type ping stay unknown', 'apt-get install fping');
  return ok('fping', /Version (\S+)/.exec(answer.stdout)?.[1] ?? 'installed');
}

async function may(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
