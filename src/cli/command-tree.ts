import type { Argument, Command, Option } from 'commander';
import { forceableGates } from '../pool/gates.ts';

/** What stands at a place of a command line, as far as a shell can offer it. */
export type Offer =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'files' }
  | { readonly kind: 'nodes' }
  | { readonly kind: 'runs' }
  | { readonly kind: 'nothing' };

/** An option as people write it. */
export interface OptionEntry {
  /** `-o` and `--output`: those that there are. */
  readonly names: readonly string[];
  /** `<format>`; null where it takes no value. */
  readonly value: string | null;
  readonly offer: Offer;
  readonly description: string;
}

/** An argument by its place. */
export interface ArgumentEntry {
  readonly name: string;
  /** `<node>` or `[node]`. */
  readonly term: string;
  readonly offer: Offer;
  readonly description: string;
}

/** A command as --help shows it: the one source of completions and of the manual page. */
export interface CommandEntry {
  /** Its words after `regrow`: `['config', 'check']`. */
  readonly path: readonly string[];
  readonly description: string;
  readonly options: readonly OptionEntry[];
  readonly arguments: readonly ArgumentEntry[];
  readonly commands: readonly CommandEntry[];
  /** What --help says below its options; empty when there is nothing. */
  readonly notes: string;
}

/** The tree below a command. What is hidden from --help is not in it. */
export function commandTree(command: Command, path: readonly string[] = []): CommandEntry {
  const help = command.createHelp();
  const children = help.visibleCommands(command).filter((child) => child.name() !== 'help');
  return {
    path,
    description: command.description(),
    options: help
      .visibleOptions(command)
      .filter((option) => option.long !== '--help')
      .map(optionEntry),
    arguments: command.registeredArguments.map(argumentEntry),
    commands: children.map((child) => commandTree(child, [...path, child.name()])),
    notes: notesOf(command),
  };
}

/** A command and all below it, parents first. */
export function everyEntry(entry: CommandEntry): readonly CommandEntry[] {
  return [entry, ...entry.commands.flatMap(everyEntry)];
}

function optionEntry({ short, long, flags, description, argChoices: choices }: Option): OptionEntry {
  const value = /[<[].*$/.exec(flags)?.[0] ?? null;
  return {
    names: [short, long].filter((name) => name !== undefined),
    value,
    offer: value === null ? { kind: 'nothing' } : offerFor(value.replace(/[^\w-]/g, ''), choices),
    description: choices === undefined ? description : `${description} (${choices.join(', ')})`,
  };
}

function argumentEntry(argument: Argument): ArgumentEntry {
  const name = argument.name();
  return {
    name,
    term: argument.required ? `<${name}>` : `[${name}]`,
    offer: offerFor(name, argument.argChoices),
    description: argument.description,
  };
}

/** The name of a value tells what it is. */
function offerFor(name: string, choices: readonly string[] | undefined): Offer {
  if (choices !== undefined) return { kind: 'words', words: choices };
  switch (name) {
    case 'node':
      return { kind: 'nodes' };
    case 'run':
      return { kind: 'runs' };
    case 'file':
      return { kind: 'files' };
    case 'gates':
      return { kind: 'words', words: forceableGates };
    default:
      return { kind: 'nothing' };
  }
}

/** What addHelpText has added: all that is written below the help itself. */
function notesOf(command: Command): string {
  const before = { ...command.configureOutput() };
  let written = '';
  command.configureOutput({ writeOut: (text) => void (written += text), getOutHasColors: () => false });
  command.outputHelp();
  command.configureOutput(before);
  return written.slice(command.helpInformation().length).trim();
}
