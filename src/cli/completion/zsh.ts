import { everyEntry, type ArgumentEntry, type CommandEntry, type Offer, type OptionEntry } from '../command-tree.ts';

/** The completion for zsh: a function for each command, with descriptions. */
export function zshCompletion(tree: CommandEntry): string {
  const functions = everyEntry(tree).map((entry) => functionOf(entry, tree));
  return `#compdef regrow
# Completion of regrow for zsh. Made by: regrow completion zsh

_regrow_words() { # nodes or runs, by the configuration that the command line names
  local -a all=(\${(z)BUFFER}) config names
  local at=\${all[(I)--config]}
  (( at == 0 )) || config=(--config "\${(Q)all[at + 1]}")
  names=(\${(f)"$(regrow $config complete $1 2>/dev/null)"})
  compadd -a names
}

${functions.join('\n')}
# Sourced, it registers itself; found by zsh in its fpath, it is called.
if [[ $funcstack[1] == _regrow ]]; then
  _regrow "$@"
else
  compdef _regrow regrow
fi
`;
}

function functionOf({ path, options, arguments: places, commands }: CommandEntry, tree: CommandEntry): string {
  const own = path.length === 0 ? [] : options;
  const specs = [...own, ...tree.options].map(optionSpec);
  const help = quoted('(- *)--help[show help]');
  const name = nameOf(path);
  if (commands.length === 0) {
    return `${name}() {\n  _arguments -s -S ${[...specs, help, ...places.map(placeSpec)].join(' \\\n    ')}\n}\n`;
  }
  const list = commands.map(
    (command) => `    ${quoted(`${escaped(command.path.at(-1) ?? '')}:${command.description}`)}`,
  );
  return `${name}() {
  local curcontext=$curcontext state line ret=1
  local -A opt_args
  local -a commands=(
${list.join('\n')}
  )
  _arguments -s -S -C -A '-*' ${[...specs, help].join(' \\\n    ')} \\
    '1: :->command' '*:: :->rest' && ret=0
  case $state in
    command) _describe command commands && ret=0 ;;
    rest)
      curcontext=\${curcontext%:*:*}:regrow-$words[1]:
      (( $+functions[${name}_$words[1]] )) && ${name}_$words[1] && ret=0
      ;;
  esac
  return ret
}
`;
}

function optionSpec({ names, value, offer, description }: OptionEntry): string {
  const flags = names.length > 1 ? `'(${names.join(' ')})'{${names.join(',')}}` : (names[0] ?? '');
  const takes = value === null ? '' : `:${escaped(value.replace(/[<>[\]]/g, ''))}:${action(offer)}`;
  return `${flags}${quoted(`[${description.replace(/[[\]]/g, '\\$&')}]${takes}`)}`;
}

function placeSpec({ term, name, offer, description }: ArgumentEntry): string {
  const message = escaped(description === '' ? name : description);
  return quoted(`:${term.startsWith('[') ? ':' : ''}${message}:${action(offer)}`);
}

function action(offer: Offer): string {
  switch (offer.kind) {
    case 'words':
      return `(${offer.words.join(' ')})`;
    case 'files':
      return '_files';
    case 'nodes':
    case 'runs':
      // After a blank zsh adds no arguments of its own.
      return ` _regrow_words ${offer.kind}`;
    case 'nothing':
      return ' ';
  }
}

function nameOf(path: readonly string[]): string {
  return ['_regrow', ...path].join('_');
}

function escaped(text: string): string {
  return text.replace(/[:\\]/g, '\\$&');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
