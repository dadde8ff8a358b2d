import { Option, type Command } from 'commander';
import { exitCodes } from '../pool/outcome.ts';
import { durationArgument } from './arguments.ts';
import type { CliContext } from './context.ts';

interface MonitOptions {
  readonly dir?: string;
  readonly cycle: number;
}

const help = `
With --dir, regrow-pool and regrow-host are written there, readable by root alone, and Monit is told by you: monit -t && monit reload.
Monit acts anew after each reload; the orders it gives are idempotent, and the gates of a daemon judge each of them, whether one runs or not.`;

/** `regrow monit-config`: Monit files whose checks and actions call this program. */
export function register(program: Command, context: CliContext): void {
  program
    .command('monit-config')
    .description('Monit files for the pool and for this machine: their checks and actions call regrow')
    .option('--dir <directory>', 'write them there, such as /etc/monit/conf.d (default: print them)')
    .addOption(
      new Option('--cycle <time>', "Monit's own cycle, as in `set daemon`, with its unit")
        .argParser(durationArgument)
        .default(20_000, '20s'),
    )
    .addHelpText('after', help)
    .action(context.run((options: MonitOptions) => monitConfig(context, options)));
}

async function monitConfig(context: CliContext, { dir, cycle: cycleMs }: MonitOptions): Promise<number> {
  const { hostname } = await import('node:os');
  const { fileURLToPath } = await import('node:url');
  const path = await import('node:path');
  const { resolveSelf } = await import('../config/node-settings.ts');
  const { monitFiles } = await import('./monit-files.ts');
  const { config } = await context.config();
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  const files = monitFiles({
    config,
    self: resolveSelf(config, hostname()),
    command: [process.execPath, main, '--config', path.resolve(context.configPath)],
    cycleMs,
  });
  if (dir === undefined) {
    await context.answer(files, () => Object.values(files).join('\n'));
    return exitCodes.done;
  }
  const written = await writeFiles(dir, files);
  await context.answer({ written }, () => written.map((file) => `${file}\n`).join(''));
  return exitCodes.done;
}

/** Each whole or not at all; Monit reads no file of others. */
async function writeFiles(dir: string, files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { default: path } = await import('node:path');
  const { writeWhole } = await import('./write-whole.ts');
  const written: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(dir, name);
    await writeWhole(file, text, 0o600);
    written.push(file);
  }
  return written;
}
