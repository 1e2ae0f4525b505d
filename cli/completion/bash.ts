/** Completion in bash: one function, its tables in `case` statements; no bash-completion is needed. */
import {
  namesOf,
  namesTakingWord,
  placesOf,
  quoted,
  type Place,
  type PlaceOption,
} from './places.ts';
import type { ProgramDescription } from '../description.ts';
import type { Candidates } from './values.ts';

export function bashScript(program: ProgramDescription): string {
  const places = placesOf(program);
  return `# bash completion of swaplab ${program.version}. To use it: source <(swaplab completion bash)

# Whether the word behind option $2 of command $1 is its value.
_swaplab_takes_word() {
  case "$1 $2" in
${places.map(takesWord).join('')}  esac
  return 1
}

# Whether $2 is a command behind command $1.
_swaplab_is_command() {
  case "$1 $2" in
${places.map(isCommand).join('')}  esac
  return 1
}

# Offers the words of $1 that begin as what is typed.
_swaplab_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
  if [[ \${#COMPREPLY[@]} == 1 && \${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
}

# Offers the words of $1 behind the last comma of what is typed.
_swaplab_list() {
  local before=
  if [[ $cur == *,* ]]; then before="\${cur%,*},"; fi
  compopt -o nospace 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -P "$before" -W "$1" -- "\${cur##*,}")
}

_swaplab_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

_swaplab_runs() {
  _swaplab_words "$("\${COMP_WORDS[0]}" "\${db[@]}" completion runs 2>/dev/null | cut -f 1)"
}

_swaplab() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} path= word i
  local -a db=()
  COMPREPLY=()
  # Bash takes --option=value for three words.
  if [[ $cur == = ]]; then
    cur= prev+==
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}=
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == -- ]]; then
      _swaplab_files
      return
    elif [[ $word == = ]]; then
      ((i += 1))
    elif [[ $word == -* ]]; then
      if [[ $word == --db ]]; then
        if [[ \${COMP_WORDS[i + 1]} == = ]]; then ((i += 1)); fi
        ((i += 1))
        if ((i < COMP_CWORD)); then db=(--db "\${COMP_WORDS[i]}"); fi
      elif [[ \${COMP_WORDS[i + 1]} != = ]] && _swaplab_takes_word "$path" "$word"; then
        ((i += 1))
      fi
    elif _swaplab_is_command "$path" "$word"; then
      path=\${path:+$path }$word
    fi
  done
  case "$path $prev" in
${places.flatMap(({ path, options }) => options.map((option) => offerValue(path, option))).join('')}  esac
  if [[ $cur == -* ]]; then
    case $path in
${places.map(offerOptions).join('')}    esac
    return
  fi
  case $path in
${places.map((place) => offerNext(place, places[0]!)).join('')}  esac
}
complete -F _swaplab swaplab
`;
}

function takesWord({ path, options }: Place): string {
  const names = options.flatMap(namesTakingWord);
  if (names.length === 0) return '';
  return `    ${names.map((name) => quoted(`${path} ${name}`)).join(' | ')}) return 0 ;;\n`;
}

function isCommand({ path, commands }: Place): string {
  if (commands.length === 0) return '';
  return `    ${commands.map(({ name }) => quoted(`${path} ${name}`)).join(' | ')}) return 0 ;;\n`;
}

function offerValue(path: string, place: PlaceOption): string {
  if (place.option.value === null) return '';
  const words = namesTakingWord(place).map((name) => quoted(`${path} ${name}`));
  const joined = place.option.long === null ? [] : [quoted(`${path} ${place.option.long}=`)];
  const patterns = [...words, ...joined];
  if (patterns.length === 0) return '';
  return `    ${patterns.join(' | ')})
      ${offer(place.candidates) ?? ':'}
      return
      ;;\n`;
}

function offerOptions({ path, options }: Place): string {
  const names = options.flatMap(({ option }) => namesOf(option));
  return `      ${quoted(path)}) _swaplab_words ${quoted(names.join(' '))} ;;\n`;
}

function offerNext({ path, commands, operand }: Place, root: Place): string {
  const names = (place: Pick<Place, 'commands'>): string =>
    `_swaplab_words ${quoted(place.commands.map(({ name }) => name).join(' '))}`;
  const offered =
    commands.length > 0
      ? names({ commands })
      : operand.kind === 'commands'
        ? names(root)
        : offer(operand);
  return offered === null ? '' : `    ${quoted(path)}) ${offered} ;;\n`;
}

function offer(candidates: Candidates): string | null {
  switch (candidates.kind) {
    case 'words': {
      const { words, isList } = candidates;
      return `${isList ? '_swaplab_list' : '_swaplab_words'} ${quoted(words.join(' '))}`;
    }
    case 'files':
      return '_swaplab_files';
    case 'runs':
      return '_swaplab_runs';
    case 'commands':
    case 'nothing':
      return null;
  }
}
