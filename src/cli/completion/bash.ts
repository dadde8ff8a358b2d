import { everyEntry, type CommandEntry, type Offer } from '../command-tree.ts';

/** The completion for bash. Needs no package beside bash itself. */
export function bashCompletion(tree: CommandEntry): string {
  const entries = everyEntry(tree);
  const isGlobal = (names: readonly string[]): boolean => tree.options.some((option) => option.names === names);
  const cases = entries.flatMap(({ path, options, arguments: places, commands }) => {
    const at = path.join(' ');
    const all = path.length === 0 ? options : [...options, ...tree.options];
    const words = [...all.flatMap(({ names }) => names), '--help'];
    return [
      ...options
        .filter(({ value }) => value !== null)
        .map(({ names, offer }) => {
          const patterns = names.map((name) => (isGlobal(names) ? `*:${name}` : quoted(`${at}:${name}`)));
          return `    ${patterns.join(' | ')}) ${expectation(offer)} ;;`;
        }),
      `    ${quoted(`${at}:-`)}) ${expectation({ kind: 'words', words })} ;;`,
      ...(commands.length === 0
        ? []
        : [`    ${quoted(`${at}:0`)}) ${expectation({ kind: 'words', words: commands.map(lastWord) })} ;;`]),
      ...places.map(({ offer }, place) => `    ${quoted(`${at}:${place}`)}) ${expectation(offer)} ;;`),
    ];
  });
  const paths = entries.filter(({ path }) => path.length > 0).map(({ path }) => quoted(path.join(' ')));
  return `# Completion of regrow for bash. Made by: regrow completion bash

# COMMAND:WHAT, where WHAT is an option, - for all options, or the place of an argument. Sets offer and words; false: nothing known.
_regrow_expects() {
  offer=nothing words=''
  case $1 in
${cases.join('\n')}
    *) return 1 ;;
  esac
}

_regrow() {
  local cur=\${COMP_WORDS[COMP_CWORD]} at='' option='' place=0 i word offer words
  local -a config=()
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ -n $option ]]; then
      # bash takes --output=json for three words.
      [[ $word != '=' ]] || continue
      [[ $option != --config ]] || config=(--config "$word")
      option=''
    elif [[ $word == -* ]]; then
      ! _regrow_expects "$at:$word" || option=$word
    else
      case \${at:+$at }$word in
        ${paths.join(' | ')}) at=\${at:+$at }$word ;;
        *) place=$((place + 1)) ;;
      esac
    fi
  done
  if [[ -n $option ]]; then
    [[ $cur != '=' ]] || cur=''
    _regrow_expects "$at:$option"
  elif [[ $cur == -* ]]; then
    _regrow_expects "$at:-"
  else
    _regrow_expects "$at:$place" || return 0
  fi
  case $offer in
    files)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return 0
      ;;
    nodes | runs) words=$(regrow "\${config[@]}" complete "$offer" 2>/dev/null) ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _regrow regrow
`;
}

function expectation(offer: Offer): string {
  return offer.kind === 'words' ? `offer=words words=${quoted(offer.words.join(' '))}` : `offer=${offer.kind}`;
}

function lastWord({ path }: CommandEntry): string {
  return path.at(-1) ?? '';
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
