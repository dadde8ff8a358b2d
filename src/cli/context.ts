import type { Command } from 'commander';
import type { LoadedConfig } from '../config/load.ts';
import type { Environment } from '../config/environment.ts';
import type { Journal } from '../store/journal.ts';
import type { OutputFormat, Style, Writer } from './output.ts';

/** What the outside world hands to the program; tests hand in their own. */
export interface CliSurroundings {
  readonly env: Environment;
  readonly stdout: Writer;
  readonly stderr: Writer;
  /** What is a terminal. Questions are asked, and colour and animation used, only where it is. */
  readonly isTTY: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
}

/** What every command gets. Nothing is read or opened before it is asked for. */
export interface CliContext extends CliSurroundings {
  /** The form of the answer: `-o table|json|yaml`, `--json`. */
  readonly format: OutputFormat;
  /** For text on stdout and on stderr. */
  readonly style: Style;
  readonly errorStyle: Style;
  /** The file of `--config`, REGROW_CONFIG or the default. */
  readonly configPath: string;
  /** The configuration, loaded once. Warnings go to stderr on the first call. Throws CONFIG_INVALID or CONFIG_NOT_FOUND. */
  config(): Promise<LoadedConfig>;
  /** The journal of the configuration's state_dir, opened once and closed at the end. Throws JOURNAL_UNUSABLE. */
  journal(): Promise<Journal>;
  /** Writes the command's answer on stdout: `data` for programs, or `text` (ends with a newline) for people. */
  answer(data: unknown, text: () => string): Promise<void>;
  /** Writes one line for people on stderr. */
  say(line: string): void;
  /** Makes a command's action: what it returns becomes the program's exit code (nothing: 0). */
  run<A extends readonly unknown[]>(action: (...args: A) => Promise<number | void>): (...args: A) => Promise<void>;
  /** Runs when the command has ended, also by an error; the last one first. For what must be closed. */
  atExit(close: () => void | Promise<void>): void;
}

/**
 * A command's module: `register` declares the command on the program. It must be cheap: what the command needs is
 * imported inside its action. The action returns the exit code (nothing: 0) and throws RegrowError for faults:
 * `program.command('name').action(context.run(async (argument, options) => exitCodes.done))`.
 */
export interface CommandModule {
  register(program: Command, context: CliContext): void;
}
