import { everyEntry, type CommandEntry, type Offer, type OptionEntry } from '../command-tree.ts';

/** The completion for fish, with descriptions. */
export function fishCompletion(tree: CommandEntry): string {
  const entries = everyEntry(tree);
  const valued = new Set(entries.flatMap(({ options }) => options.filter(({ value }) => value !== null)));
  const names = [...new Set([...valued].flatMap((option) => option.names))];
  const paths = entries.flatMap(({ path }) => (path.length === 0 ? [] : [quoted(path.join(' '))]));
  return `# Completion of regrow for fish. Made by: regrow completion fish

# True where the command line stands at this command, and, with a second argument, at this place of its arguments.
function __regrow_at
    set -l words (commandline -opc)
    set -l at
    set -l place 0
    set -l skip no
    for word in $words[2..-1]
        if test $skip = yes
            set skip no
        else if contains -- $word ${names.join(' ')}
            set skip yes
        else if string match -q -- '-*' $word
            continue
        else if contains -- (string join ' ' $at $word) ${paths.join(' ')}
            set at $at $word
        else
            set place (math $place + 1)
        end
    end
    test "$at" = "$argv[1]"; and begin
        not set -q argv[2]; or test $place = $argv[2]
    end
end

# nodes or runs, by the configuration that the command line names
function __regrow_words
    set -l words (commandline -opc)
    set -l place (contains -i -- --config $words)
    and regrow --config $words[(math $place + 1)] complete $argv[1] 2>/dev/null
    or regrow complete $argv[1] 2>/dev/null
end

complete -c regrow -f
${tree.options.map((option) => completeOption(option, '')).join('\n')}
complete -c regrow -l help -d 'show help'
${entries.map((entry) => completionsOf(entry, tree)).join('\n')}
`.replace(/\n{3,}/g, '\n\n');
}

function completionsOf({ path, options, arguments: places, commands }: CommandEntry, tree: CommandEntry): string {
  const at = path.join(' ');
  const own = options.filter((option) => !tree.options.includes(option));
  const condition = (place?: number): string =>
    ` -n ${quoted(`__regrow_at "${at}"${place === undefined ? '' : ` ${place}`}`)}`;
  return [
    ...commands.map(
      ({ path: child, description }) =>
        `complete -c regrow${condition(0)} -a ${child.at(-1)} -d ${quoted(description)}`,
    ),
    ...own.map((option) => completeOption(option, condition())),
    ...places.flatMap(({ offer, name }, place) =>
      offer.kind === 'nothing' ? [] : [`complete -c regrow${condition(place)}${offered(offer)} -d ${quoted(name)}`],
    ),
  ].join('\n');
}

function completeOption({ names, value, offer, description }: OptionEntry, condition: string): string {
  const flags = names.map((name) => (name.startsWith('--') ? ` -l ${name.slice(2)}` : ` -s ${name.slice(1)}`));
  const takes = value === null ? '' : ` -x${offered(offer)}`;
  return `complete -c regrow${condition}${flags.join('')}${offer.kind === 'files' ? ' -r -F' : takes} -d ${quoted(description)}`;
}

function offered(offer: Offer): string {
  switch (offer.kind) {
    case 'words':
      return ` -a ${quoted(offer.words.join(' '))}`;
    case 'nodes':
    case 'runs':
      return ` -a '(__regrow_words ${offer.kind})'`;
    case 'files':
      return ' -F';
    case 'nothing':
      return '';
  }
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
