import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { exitCodes } from '../pool/outcome.ts';
import type { CliContext } from './context.ts';
import { questions, type InitAnswers } from './init/answers.ts';

interface InitOptions extends Partial<InitAnswers> {
  readonly tokenFile?: string;
}

/** `regrow init`: asks, or takes flags, and writes a commented regrow.yml and a token. Overwrites nothing. */
export function register(program: Command, context: CliContext): void {
  const command = program
    .command('init')
    .description(
      'write a commented regrow.yml and a token: asks on a terminal, elsewhere takes flags; overwrites nothing',
    );
  for (const { flag, ask, usual } of questions)
    command.option(flag, usual === undefined ? `${ask} (has to be given)` : ask);
  command
    .option('--token-file <file>', 'where the token is put (default: `token` beside the configuration)')
    .action(context.run((options: InitOptions) => init(context, options)));
}

async function init(context: CliContext, { tokenFile, ...given }: InitOptions): Promise<number> {
  const { access } = await import('node:fs/promises');
  const { exists, writeBoth } = await import('./init/write-both.ts');
  const { askAll, atTerminal, takeAll } = await import('./init/ask.ts');
  const { configText } = await import('./init/config-text.ts');
  const { parseConfig, describeProblem } = await import('../config/load.ts');
  const { RegrowError } = await import('../errors.ts');
  const path = resolve(context.configPath);
  const folder = dirname(path);
  const token = resolve(tokenFile ?? `${folder}/token`);
  // Said before anything is asked.
  if (
    await access(path).then(
      () => true,
      () => false,
    )
  )
    throw exists(path);
  const isAsked = context.isTTY.stdin && context.isTTY.stderr;
  const answers = isAsked
    ? await atTerminal(context, (ask) => askAll(given, folder, { ask, say: (line) => context.say(line) }))
    : takeAll(given, folder);
  const text = configText(answers, token);
  const parsed = parseConfig(text, path);
  if (!parsed.ok)
    throw new RegrowError(
      'CONFIG_INVALID',
      ['Nothing was written: some answers cannot be right:', ...parsed.problems.map(describeProblem)].join('\n'),
      {
        facts: { path, problems: parsed.problems },
        remedy: 'give other answers',
      },
    );
  const written = await writeBoth(path, text, token);
  await context.answer({ path, token, token_kept: written.token === 'kept' }, () =>
    [
      `${context.style.green('written:')} ${path}`,
      written.token === 'written'
        ? `${context.style.green('written:')} ${token} (copy it to every machine of the pool)`
        : `kept: ${token} was there`,
      `Next: put the password into ${answers.passwordFile} (chmod 600), then: regrow config check, regrow doctor, regrow bootstrap`,
      '',
    ].join('\n'),
  );
  return exitCodes.done;
}
