/** Completion in zsh: a function for each command over _arguments. */
import type { ProgramDescription } from '../description.ts';
import { namesOf, placesOf, quoted, shortText, type Place, type PlaceOption } from './places.ts';
import type { Candidates } from './values.ts';

export function zshScript(program: ProgramDescription): string {
  const places = placesOf(program);
  return `#compdef swaplab
# zsh completion of swaplab ${program.version}. To use it: source <(swaplab completion zsh), behind compinit; or
# write it to a file named _swaplab in a folder of $fpath.

# Offers words, several with commas between them.
_swaplab_list() {
  compset -P '*,'
  compadd -S '' -- "$@"
}

# Offers words; behind one that ends in = its value is typed.
_swaplab_words() {
  compadd -- "$@"
}

_swaplab_runs() {
  local -a runs
  runs=("\${(@f)$(_call_program runs \${(q)_swaplab_program} \${(q)_swaplab_db} completion runs 2>/dev/null)}")
  compadd -- \${runs%%$'\\t'*}
}

${places.map((place) => placeFunction(place, places)).join('\n')}
_swaplab() {
  local _swaplab_program=$words[1]
  local -a _swaplab_db
  local at=\${words[(I)--db]}
  if ((at > 0 && at < CURRENT - 1)); then _swaplab_db=(--db $words[at+1]); fi
  _swaplab_at_top
}

if [[ $funcstack[1] == _swaplab ]]; then _swaplab "$@"; else compdef _swaplab swaplab; fi
`;
}

function functionName(path: string): string {
  return path === '' ? '_swaplab_at_top' : `_swaplab_at_${path.replaceAll(/\W/g, '_')}`;
}

function placeFunction(place: Place, places: readonly Place[]): string {
  const { path, commands, options, operand } = place;
  const specs = options.map(optionSpec);
  if (commands.length === 0) {
    const action = operandAction(operand, places[0]!);
    return `${functionName(path)}() {
  _arguments -s -S : \\
${[...specs, quoted(`*:${operand.kind === 'nothing' ? 'argument' : operand.kind}:${action}`)]
  .map((spec) => `    ${spec}`)
  .join(' \\\n')}
}
`;
  }
  return `${functionName(path)}() {
  local context curcontext="$curcontext" state line
  typeset -A opt_args
  _arguments -C -s -S : \\
${[...specs, quoted('1:command:->command'), quoted('*::argument:->argument')]
  .map((spec) => `    ${spec}`)
  .join(' \\\n')}
  case $state in
    command)
      local -a commands=(
${commands.map(({ name, summary }) => `        ${quoted(`${name}:${shortText(summary)}`)}`).join('\n')}
      )
      _describe -t commands command commands
      ;;
    argument)
      case $line[1] in
${commands
  .map(({ name }) => `        ${name}) ${functionName(path === '' ? name : `${path} ${name}`)} ;;`)
  .join('\n')}
      esac
      ;;
  esac
}
`;
}

/** What is offered where an option may stand as well. */
function operandAction(operand: Candidates, root: Place): string {
  if (operand.kind === 'commands') return wordsAction(root.commands.map(({ name }) => name));
  // A blank would say what is wanted, as for values; but what _message says keeps zsh from
  // inserting the one option that begins as what is typed.
  return operand.kind === 'nothing' ? '{:}' : actionOf(operand);
}

/** The names of an option, its text and what follows it, as _arguments wants them. */
function optionSpec({ option, candidates }: PlaceOption): string {
  const names = namesOf(option);
  const { value, isRepeated } = option;
  const text = `[${shortText(option.text).replaceAll(/[[\]\\:]/g, (letter) => `\\${letter}`)}]`;
  const isAlone = names.some((name) => name === '--help' || name === '--version');
  const others = isRepeated ? '*' : isAlone ? '(- *)' : `(${names.join(' ')})`;
  const follows =
    value === null
      ? ''
      : `${value.isOptional ? '::' : ':'}${value.placeholder.replaceAll(':', ' ')}:${actionOf(candidates)}`;
  return names
    .map((name) => {
      const isLong = name.startsWith('--');
      const joined =
        value === null ? '' : value.isJoined ? (isLong ? '=-' : '-') : isLong ? '=' : '+';
      return quoted(`${others}${name}${joined}${text}${follows}`);
    })
    .join(' \\\n    ');
}

function actionOf(candidates: Candidates): string {
  switch (candidates.kind) {
    case 'words': {
      const { words, isList } = candidates;
      return isList ? `{_swaplab_list ${words.join(' ')}}` : wordsAction(words);
    }
    case 'files':
      return '_files';
    case 'runs':
      return '_swaplab_runs';
    case 'commands':
    case 'nothing':
      return ' ';
  }
}

function wordsAction(words: readonly string[]): string {
  return `{_swaplab_words ${words.join(' ')}}`;
}
