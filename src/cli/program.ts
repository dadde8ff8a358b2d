import { Command, CommanderError, Option } from 'commander';
import { allowsColour, configPathFrom } from '../config/environment.ts';
import type { LoadedConfig } from '../config/load.ts';
import { packageVersion } from '../config/package-version.ts';
import { exitCodes } from '../pool/outcome.ts';
import type { Journal } from '../store/journal.ts';
import type { CliContext, CliSurroundings, CommandModule } from './context.ts';
import { describeError, exitCodeOfError } from './fault.ts';
import { outputFormats, renderData, styleFor, type OutputFormat } from './output.ts';
import { wrap } from './terminal-text.ts';

/** Every command of the program. Only the module of the command that is called is loaded; help loads all. */
export const commands: Readonly<Record<string, () => Promise<CommandModule>>> = {
  approve: () => import('./approve.ts'),
  attend: () => import('./attend.ts'),
  bootstrap: () => import('./bootstrap.ts'),
  cancel: () => import('./cancel.ts'),
  complete: () => import('./complete.ts'),
  completion: () => import('./completion.ts'),
  config: () => import('./config.ts'),
  doctor: () => import('./doctor.ts'),
  explain: () => import('./explain.ts'),
  history: () => import('./history.ts'),
  hook: () => import('./hook.ts'),
  init: () => import('./init.ts'),
  'install-service': () => import('./install-service.ts'),
  inventory: () => import('./inventory.ts'),
  logs: () => import('./logs.ts'),
  'monit-config': () => import('./monit-config.ts'),
  notify: () => import('./notify.ts'),
  pause: () => import('./pause.ts'),
  probe: () => import('./probe.ts'),
  rebuild: () => import('./rebuild.ts'),
  reject: () => import('./reject.ts'),
  replay: () => import('./replay.ts'),
  restore: () => import('./restore.ts'),
  resume: () => import('./resume.ts'),
  run: () => import('./run.ts'),
  show: () => import('./show.ts'),
  status: () => import('./status.ts'),
  sync: () => import('./sync.ts'),
  version: () => import('./version.ts'),
};

/** The exit codes, as --help and the manual page tell them. */
export const exitCodeMeanings = [
  [0, 'done'],
  [1, 'fault'],
  [2, 'usage or configuration'],
  [3, 'pool degraded, or not known'],
  [4, 'refused by a gate'],
  [5, 'busy'],
  [6, 'run failed'],
  [7, 'nothing to do here'],
  [8, 'controller not reachable'],
] as const;

const exitCodeHelp = `\n${wrap(`Exit codes: ${exitCodeMeanings.map(([code, meaning]) => `${code} ${meaning}`).join(' · ')}`, 115).join('\n')}`;

/** Runs one command line (without node and script) and returns the exit code. Never throws, never exits. */
export async function runCli(argv: readonly string[], surroundings: CliSurroundings): Promise<number> {
  const program = await newProgram(surroundings);
  const session = newSession(program, surroundings);
  try {
    const name = commandNameIn(argv);
    // A completion is made from all commands.
    const load = name === undefined || name === 'completion' ? undefined : commands[name];
    await registerAll(program, session.context, load ? [load] : Object.values(commands));
    for (const command of everyCommand(program)) settle(command, surroundings);
    if (argv.length === 0) {
      program.outputHelp({ error: true });
      return exitCodes.usage;
    }
    await program.parseAsync(argv, { from: 'user' });
    return session.exitCode();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    surroundings.stderr.write(describeError(error, session.context.errorStyle));
    return exitCodeOfError(error);
  } finally {
    await session.close();
  }
}

/** The program with every command, to be looked at. */
export async function wholeProgram(surroundings: CliSurroundings): Promise<Command> {
  const program = await newProgram(surroundings);
  await registerAll(program, newSession(program, surroundings).context, Object.values(commands));
  return program;
}

async function registerAll(
  program: Command,
  context: CliContext,
  loads: readonly (() => Promise<CommandModule>)[],
): Promise<void> {
  const modules = await Promise.all(loads.map((load) => load()));
  for (const module of modules) module.register(program, context);
}

async function newProgram(surroundings: CliSurroundings): Promise<Command> {
  return new Command('regrow')
    .description('A pool of VMs in VMware vCenter that heals itself: the survivors rebuild a failed node with Ansible.')
    .option('--config <file>', 'configuration file (default: $REGROW_CONFIG, then /etc/regrow/regrow.yml)')
    .addOption(new Option('-o, --output <format>', 'form of the answer').choices(outputFormats).default('table'))
    .option('--json', 'the same as --output json')
    .version(`regrow ${await packageVersion()}`, '--version', 'the version of regrow')
    .addHelpText('after', exitCodeHelp)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => surroundings.stdout.write(text),
      writeErr: (text) => surroundings.stderr.write(text),
      getOutHasColors: () => allowsColour(surroundings.isTTY.stdout, surroundings.env),
      getErrHasColors: () => allowsColour(surroundings.isTTY.stderr, surroundings.env),
    });
}

/** Settings that commander does not hand down to commands that were added as objects. */
function settle(command: Command, surroundings: CliSurroundings): void {
  command.exitOverride().showSuggestionAfterError(true).showHelpAfterError('(see --help)');
  command.configureOutput({
    writeOut: (text) => surroundings.stdout.write(text),
    writeErr: (text) => surroundings.stderr.write(text),
  });
}

function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap((child) => everyCommand(child))];
}

/** The first argument that is neither an option nor the value of a global one. */
function commandNameIn(argv: readonly string[]): string | undefined {
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? '';
    if (argument === '--config' || argument === '-o' || argument === '--output') index++;
    else if (!argument.startsWith('-')) return argument;
  }
  return undefined;
}

interface Session {
  readonly context: CliContext;
  exitCode(): number;
  close(): Promise<void>;
}

function newSession(program: Command, surroundings: CliSurroundings): Session {
  let code: number = exitCodes.done;
  let loading: Promise<LoadedConfig> | undefined;
  let opening: Promise<Journal> | undefined;
  const closers: (() => void | Promise<void>)[] = [];
  const options = (): { config?: string; output: OutputFormat; json?: boolean } => program.opts();
  const errorStyle = styleFor(allowsColour(surroundings.isTTY.stderr, surroundings.env));
  const say = (line: string): void => surroundings.stderr.write(`${line}\n`);

  const context: CliContext = {
    ...surroundings,
    get format() {
      return options().json ? 'json' : options().output;
    },
    style: styleFor(allowsColour(surroundings.isTTY.stdout, surroundings.env)),
    errorStyle,
    get configPath() {
      return configPathFrom(options().config, surroundings.env);
    },
    config: () => (loading ??= loadWithWarnings(context)),
    journal: () => (opening ??= openJournalOf(context)),
    async answer(data, text) {
      const { format } = context;
      surroundings.stdout.write(format === 'table' ? text() : await renderData(data, format));
    },
    say,
    atExit: (close) => void closers.unshift(close),
    run:
      (action) =>
      async (...args) => {
        code = (await action(...args)) ?? exitCodes.done;
      },
  };
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0)) {
      try {
        await closer();
      } catch (error) {
        surroundings.stderr.write(describeError(error, errorStyle));
      }
    }
  };
  return { context, exitCode: () => code, close };
}

async function loadWithWarnings(context: CliContext): Promise<LoadedConfig> {
  const { loadConfig } = await import('../config/load.ts');
  const loaded = await loadConfig(context.configPath);
  for (const warning of loaded.warnings) {
    context.say(
      `${context.errorStyle.yellow('warning:')} ${warning.file}:${warning.line}:${warning.column}: ${warning.message}`,
    );
  }
  return loaded;
}

async function openJournalOf(context: CliContext): Promise<Journal> {
  const { config } = await context.config();
  const { openJournal } = await import('../store/journal.ts');
  const { SecretValues } = await import('../logging.ts');
  const { secretValues } = await import('../config/secret-refs.ts');
  const secrets = new SecretValues();
  for (const value of await secretValues(config, context.env)) secrets.add(value);
  const journal = openJournal(config.state_dir, { redact: (text) => secrets.redact(text) });
  context.atExit(() => journal.close());
  return journal;
}
