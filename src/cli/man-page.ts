import { everyEntry, type CommandEntry, type OptionEntry } from './command-tree.ts';

export interface ManPageFacts {
  readonly tree: CommandEntry;
  readonly version: string;
  /** Each exit code with its meaning. */
  readonly exitCodes: readonly (readonly [code: number, meaning: string])[];
}

const environment: readonly (readonly [string, string])[] = [
  ['REGROW_CONFIG', 'The configuration file, unless --config names one.'],
  ['NO_COLOR', 'Set to anything: no colour.'],
  ['FORCE_COLOR', 'Set to anything but 0: colour also where the answer goes to no terminal. NO_COLOR wins.'],
  ['TERM', 'dumb: no colour, and nothing is redrawn.'],
  ['LC_ALL, LC_CTYPE, LANG', 'Signs beyond ASCII are used only where the locale is UTF-8.'],
];

const files: readonly (readonly [string, string])[] = [
  ['/etc/regrow/regrow.yml', 'The configuration.'],
  ['/var/lib/regrow', 'The journal, the lock and the folders of runs: state_dir of the configuration.'],
];

/** The manual page in groff's man macros, from what --help shows. */
export function manPage({ tree, version, exitCodes }: ManPageFacts): string {
  const commands = everyEntry(tree).filter((entry) => entry.path.length > 0 && entry.commands.length === 0);
  return [
    `.\\" Made by scripts/generate-docs from the same source as --help.`,
    `.TH REGROW 1 "" "regrow ${version}" "User Commands"`,
    '.SH NAME',
    `regrow \\- ${lowered(tree.description)}`,
    '.SH SYNOPSIS',
    '.B regrow',
    '.RI [ options ]',
    '.I command',
    '.RI [ arguments ]',
    '.SH DESCRIPTION',
    paragraph(tree.description),
    '.PP',
    paragraph('Answers go to standard output, messages to standard error. Every reading command takes --output.'),
    '.SH OPTIONS',
    ...tree.options.flatMap(optionLines),
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH EXIT STATUS',
    ...exitCodes.flatMap(([code, meaning]) => item(`.B ${code}`, meaning)),
    '.SH ENVIRONMENT',
    ...environment.flatMap(([name, meaning]) => item(`.B ${roff(name)}`, meaning)),
    '.SH FILES',
    ...files.flatMap(([name, meaning]) => item(`.I ${roff(name)}`, meaning)),
    '.SH SEE ALSO',
    '.BR ansible-playbook (1)',
    '',
  ].join('\n');
}

function commandLines({ path, description, options, arguments: places, notes }: CommandEntry): readonly string[] {
  const synopsis = ['regrow', ...path].map((word) => `\\fB${roff(word)}\\fR`);
  const terms = places.map(({ term }) => roffTerm(term));
  return [
    `.SS ${[...synopsis, ...terms, ...(options.length > 0 ? ['[options]'] : [])].join(' ')}`,
    paragraph(sentence(description)),
    ...places.flatMap(({ term, description: what }) => (what === '' ? [] : item(roffTerm(term), sentence(what)))),
    ...options.flatMap(optionLines),
    ...(notes === '' ? [] : ['.PP', '.nf', ...notes.split('\n').map(paragraph), '.fi']),
  ];
}

function optionLines({ names, value, description }: OptionEntry): readonly string[] {
  const flags = names.map((name) => `\\fB${roff(name)}\\fR`).join(', ');
  return item(value === null ? flags : `${flags} ${roffTerm(value)}`, sentence(description));
}

function item(term: string, text: string): readonly string[] {
  return ['.TP', term, paragraph(text)];
}

/** `<node>` with what is to be replaced in italics. */
function roffTerm(term: string): string {
  return roff(term).replace(/[\w\\-]+/, (word) => `\\fI${word}\\fR`);
}

/** A line that begins with no control character. */
function paragraph(text: string): string {
  return roff(text).replace(/^[.']/, '\\&$&');
}

function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(
      /[^\x20-\x7e]/gu,
      (character) => `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    );
}

function sentence(text: string): string {
  const begun = text.startsWith('regrow') ? text : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.:]$/.test(begun) ? begun : `${begun}.`;
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '');
}
