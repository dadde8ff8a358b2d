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
    .option('--enable', 'start it now and at every boot; one that runs by another unit is restarted')
    .option('--force', 'replace a unit that differs')
    .option('--unit <file>', 'where the unit is written', unitFile, '/etc/systemd/system/regrow.service')
    .action(context.run((options: InstallOptions) => install(context, options)));
}

/** systemd reads a file of another name as no service. */
function unitFile(path: string): string {
  if (!/^\/(.*\/)?[^/]+\.service$/.test(path))
    throw new InvalidArgumentError('Expected an absolute path that ends in .service.');
  return path;
}

async function install(context: CliContext, { print, enable, force, unit }: InstallOptions): Promise<number> {
  const nodePath = await import('node:path');
  const folder = await stateDir(context);
  const text = await unitText(context, folder);
  if (print) {
    await context.answer({ unit: text }, () => text);
    return exitCodes.done;
  }
  const change = await changeOf(unit, text, force === true);
  await makeStateDir(folder);
  if (change !== 'unchanged') {
    const { writeWhole } = await import('./write-whole.ts');
    await writeWhole(unit, text, 0o644);
    await systemctl(context, ['daemon-reload']);
  }
  const orders = startOrders(nodePath.basename(unit), change);
  if (enable) for (const order of orders) await systemctl(context, order);
  const next = `start it now and at every boot: ${orders.map((order) => ['systemctl', ...order].join(' ')).join(' && ')}\n`;
  await context.answer(
    { path: unit, change, enabled: enable === true },
    () => `${unit}: ${change}\n${enable ? '' : next}`,
  );
  return exitCodes.done;
}

/** What has systemd run the unit, now and at every boot. A daemon that runs by the unit that was replaced would go on by it. */
function startOrders(name: string, change: UnitChange): readonly (readonly string[])[] {
  if (change !== 'replaced') return [['enable', '--now', name]];
  return [
    ['enable', name],
    ['restart', name],
  ];
}

/** The unit for this program, this configuration and its state_dir. */
async function unitText(context: CliContext, folder: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  const { fileURLToPath } = await import('node:url');
  const path = await import('node:path');
  const template = await readFile(new URL('../../templates/regrow.service', import.meta.url), 'utf8');
  const words = {
    COMMAND: [process.execPath, fileURLToPath(new URL('../main.js', import.meta.url))].map(unitWord).join(' '),
    CONFIG: unitWord(path.resolve(context.configPath)),
    STATE_DIR: unitWord(folder),
  };
  return template.replaceAll(/@(COMMAND|CONFIG|STATE_DIR)@/g, (_, name: keyof typeof words) => words[name]);
}

/** A configuration that is not there yet has the default one. */
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

/** The unit leaves everything but this folder read-only to the daemon, which therefore cannot make it. */
async function makeStateDir(path: string): Promise<void> {
  const { makeFolder } = await import('./make-folder.ts');
  const { notWritten } = await import('./write-whole.ts');
  await makeFolder(path, 0o700).catch((error: unknown) => {
    throw notWritten(path, error);
  });
}

type UnitChange = 'written' | 'replaced' | 'unchanged';

/** What writing the unit will have done. Throws UNIT_DIFFERS. */
async function changeOf(path: string, text: string, force: boolean): Promise<UnitChange> {
  const { readFile } = await import('node:fs/promises');
  const nodePath = await import('node:path');
  const { notWritten } = await import('./write-whole.ts');
  const present = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw notWritten(path, error);
  });
  if (present === text) return 'unchanged';
  if (present !== undefined && !force) {
    throw new RegrowError('UNIT_DIFFERS', `${path} is there already, and differs.`, {
      facts: { path },
      remedy: `See what this would write with --print; --force replaces it. Own changes belong into a drop-in: systemctl edit ${nodePath.basename(path)}.`,
    });
  }
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
