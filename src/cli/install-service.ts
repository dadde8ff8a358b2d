import { InvalidArgumentError, type Command } from 'commander';
import { RegrowError } from '../errors.ts';
import { exitCodes } from '../pool/outcome.ts';
import type { CliContext } from './context.ts';

interface InstallOptions {
  readonly print?: true;
  readonly enable?: true;
  readonly force?: true;
  readonly unit: string;
}

/** `regrow install-service`: writes the systemd unit of the daemon. */
export function register(program: Command, context: CliContext): void {
  program
    .command('install-service')
    .description('write the systemd unit of the daemon, so that it starts with the machine and again when it dies')
    .option('--print', 'print the unit and write nothing')
    .option('--enable', 'start it now and at every boot')
    .option('--force', 'replace a unit that differs')
    .option('--unit <file>', 'where the unit is written', absolute, '/etc/systemd/system/regrow.service')
    .action(context.run((options: InstallOptions) => install(context, options)));
}

function absolute(path: string): string {
  if (!path.startsWith('/')) throw new InvalidArgumentError('expected an absolute path');
  return path;
}

async function install(context: CliContext, { print, enable, force, unit }: InstallOptions): Promise<number> {
  const text = await unitText(context);
  if (print) {
    await context.answer({ unit: text }, () => text);
    return exitCodes.done;
  }
  const change = await writeUnit(unit, text, force === true);
  if (change !== 'unchanged') await systemctl(context, ['daemon-reload']);
  if (enable) await systemctl(context, ['enable', '--now', 'regrow.service']);
  const next = enable ? '' : 'start it now and at every boot: systemctl enable --now regrow.service\n';
  await context.answer({ path: unit, change, enabled: enable === true }, () => `${unit}: ${change}\n${next}`);
  return exitCodes.done;
}

/** The unit for this program, this configuration and its state_dir. A configuration that is not there yet has the default one. */
async function unitText(context: CliContext): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  const { fileURLToPath } = await import('node:url');
  const path = await import('node:path');
  const template = await readFile(new URL('../../templates/regrow.service', import.meta.url), 'utf8');
  const words = {
    COMMAND: [process.execPath, fileURLToPath(new URL('../main.js', import.meta.url))].map(unitWord).join(' '),
    CONFIG: unitWord(path.resolve(context.configPath)),
    STATE_DIR: unitWord(await stateDir(context)),
  };
  return template.replaceAll(/@(COMMAND|CONFIG|STATE_DIR)@/g, (_, name: keyof typeof words) => words[name]);
}

async function stateDir(context: CliContext): Promise<string> {
  try {
    return (await context.config()).config.state_dir;
  } catch (error) {
    if (error instanceof RegrowError && error.code === 'CONFIG_NOT_FOUND') return '/var/lib/regrow';
    throw error;
  }
}

/** A path as a unit file has it: % begins a specifier there, and what needs quotes is refused rather than guessed at. */
function unitWord(path: string): string {
  if (/^[A-Za-z0-9/._%+@-]+$/.test(path)) return path.replaceAll('%', '%%');
  throw new RegrowError('CONFIG_INVALID', `A unit of systemd cannot name ${JSON.stringify(path)}.`, {
    remedy: 'Choose a path of letters, digits and / . _ + @ -.',
  });
}

async function writeUnit(path: string, text: string, force: boolean): Promise<'written' | 'replaced' | 'unchanged'> {
  const { readFile, rename, writeFile } = await import('node:fs/promises');
  const present = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (present === text) return 'unchanged';
  if (present !== undefined && !force) {
    throw new RegrowError('UNIT_DIFFERS', `${path} is there already, and differs.`, {
      facts: { path },
      remedy:
        'See what this would write with --print; --force replaces it. Own changes belong into a drop-in: systemctl edit regrow.',
    });
  }
  const part = `${path}.${process.pid}.part`;
  await writeFile(part, text, { mode: 0o644, flag: 'wx' });
  await rename(part, path);
  return present === undefined ? 'written' : 'replaced';
}

async function systemctl(context: CliContext, args: readonly string[]): Promise<void> {
  const { execa } = await import('execa');
  const { code, failed, stderr } = await execa('systemctl', args, {
    env: { PATH: context.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin' },
    extendEnv: false,
    stdin: 'ignore',
    timeout: 60_000,
    reject: false,
  });
  if (!failed) return;
  const reason = code === 'ENOENT' ? 'systemctl is not installed' : stderr.trim();
  throw new RegrowError('SYSTEMD_REFUSED', `systemctl ${args.join(' ')}: ${reason}`, {
    remedy: `The unit is written. Say it by hand: systemctl ${args.join(' ')}`,
  });
}
