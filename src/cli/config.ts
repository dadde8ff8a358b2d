import type { Command } from 'commander';
import type { LoadedMembership } from '../config/effective.ts';
import { RegrowError } from '../errors.ts';
import { exitCodes } from '../pool/outcome.ts';
import type { CliContext } from './context.ts';
import { printable, renderData } from './output.ts';

/** `regrow config check|show|schema|reload`: what the configuration says, whether it may be used, and using it. */
export function register(program: Command, context: CliContext): void {
  const config = program
    .command('config')
    .description('check, show or reload the configuration, or print its JSON Schema');
  config
    .command('check')
    .description('say everything that is wrong with the configuration; exit code 2 when something is')
    .action(context.run(() => check(context)));
  config
    .command('show')
    .description('effective values with every default, secrets hidden')
    .action(context.run(() => show(context)));
  config
    .command('schema')
    .description('the JSON Schema of regrow.yml, for editors')
    .action(context.run(() => schema(context)));
  config
    .command('reload')
    .description('have the controller that runs here read the configuration anew, and tell what it made of it')
    .action(
      context.run(async () => {
        const { reload } = await import('./config-reload.ts');
        return reload(context);
      }),
    );
}

async function check(context: CliContext): Promise<number> {
  const { loadConfig, describeProblem } = await import('../config/load.ts');
  const path = context.configPath;
  try {
    const { file, membership, warnings } = await loadConfig(path);
    await sayMembership(context, membership);
    await context.answer({ path, ok: true, problems: [], warnings }, () => {
      const lines = warnings.map((warning) => `${context.style.yellow('warning:')} ${describeProblem(warning)}\n`);
      const size = file.pool.nodes.length === 1 ? '1 node' : `${file.pool.nodes.length} nodes`;
      return `${lines.join('')}${context.style.green('ok:')} ${path} (pool ${file.pool.name}, ${size})\n`;
    });
    return exitCodes.done;
  } catch (error) {
    if (!(error instanceof RegrowError) || error.code !== 'CONFIG_INVALID' || context.format === 'table') throw error;
    await context.answer({ path, ok: false, problems: error.facts['problems'], warnings: [] }, () => '');
    return exitCodes.usage;
  }
}

async function show(context: CliContext): Promise<number> {
  const { config, membership } = await context.config();
  await sayMembership(context, membership);
  const { showableConfig } = await import('../config/show.ts');
  const shown = showableConfig(config);
  const text = await renderData(shown, 'yaml');
  await context.answer(shown, () => text);
  return exitCodes.done;
}

/** The file is checked as it is; which nodes hold is said beside it. */
async function sayMembership(context: CliContext, membership: LoadedMembership): Promise<void> {
  const { membershipNotice } = await import('../config/effective.ts');
  const notice = membershipNotice(membership);
  if (notice !== null) context.say(`${context.errorStyle.yellow('note:')} ${printable(notice)}`);
}

async function schema(context: CliContext): Promise<number> {
  const { configJsonSchema } = await import('../config/json-schema.ts');
  const text = await renderData(configJsonSchema(), 'json');
  await context.answer(configJsonSchema(), () => text);
  return exitCodes.done;
}
