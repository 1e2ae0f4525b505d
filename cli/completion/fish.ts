/** Completion in fish: one `complete` for each option, guarded by the command before it. */
import type { ProgramDescription } from '../description.ts';
import { namesTakingWord, placesOf, shortText, type Place, type PlaceOption } from './places.ts';
import type { Candidates } from './values.ts';

export function fishScript(program: ProgramDescription): string {
  const places = placesOf(program);
  return `# fish completion of swaplab ${program.version}. To use it: swaplab completion fish | source

# Whether the commands typed so far are these.
function __swaplab_at
    set -l path
    set -l tokens (commandline -opc)
    set -e tokens[1]
    set -l skips 0
    for token in $tokens
        if test $skips = 1
            set skips 0
            continue
        end
        switch "$path|$token"
${places.map(takesWord).join('')}${places.map(isCommand).join('')}        end
    end
    test "$path" = "$argv"
end

# Words, several with commas between them.
function __swaplab_list
    set -l before (string match -r '^.*,' -- (commandline -ct | string replace -r '^--?[\\w-]+=' ''))
    for word in $argv
        echo "$before$word"
    end
end

function __swaplab_runs
    set -l tokens (commandline -opc)
    set -l at (contains -i -- --db $tokens)
    and set -l db --db $tokens[(math $at + 1)]
    $tokens[1] $db completion runs 2>/dev/null
end

complete -c swaplab -e
complete -c swaplab -f
${places.map((place) => placeLines(place, places[0]!)).join('')}`;
}

function takesWord({ path, options }: Place): string {
  const names = options.flatMap(namesTakingWord);
  if (names.length === 0) return '';
  return `            case ${names.map((name) => quoted(`${path}|${name}`)).join(' ')}
                set skips 1\n`;
}

function isCommand({ path, commands }: Place): string {
  return commands
    .map(
      ({ name }) => `            case ${quoted(`${path}|${name}`)}
                set path ${quoted(path === '' ? name : `${path} ${name}`)}\n`,
    )
    .join('');
}

function placeLines(place: Place, root: Place): string {
  const { path, commands, options, operand } = place;
  const at = `complete -c swaplab -n ${quoted(path === '' ? '__swaplab_at' : `__swaplab_at ${path}`)}`;
  const names = operand.kind === 'commands' ? root.commands : commands;
  const commandLines = names.map(
    ({ name, summary }) => `${at} -a ${name} -d ${quoted(shortText(summary))}\n`,
  );
  const optionLines = options.map((option) => `${at}${optionWords(option)}\n`);
  const next = operandWords(operand);
  return [...commandLines, ...(next === '' ? [] : [`${at} ${next}\n`]), ...optionLines].join('');
}

function operandWords(operand: Candidates): string {
  if (operand.kind === 'files') return '-F';
  return candidateWords(operand);
}

function optionWords({ option, candidates }: PlaceOption): string {
  const { short, long, value, text } = option;
  const names = [
    ...(short === null ? [] : [` -s ${short.slice(1)}`]),
    ...(long === null ? [] : [` -l ${long.slice(2)}`]),
  ].join('');
  // A value that may be left out is offered behind = only: fish knows no other way.
  const needs =
    value === null || value.isOptional ? '' : candidates.kind === 'files' ? ' -rF' : ' -x';
  const words = value === null ? '' : candidateWords(candidates);
  return `${names}${needs}${words === '' ? '' : ` ${words}`} -d ${quoted(shortText(text))}`;
}

function candidateWords(candidates: Candidates): string {
  switch (candidates.kind) {
    case 'words': {
      const words = candidates.words.join(' ');
      return `-a ${quoted(candidates.isList ? `(__swaplab_list ${words})` : words)}`;
    }
    case 'runs':
      return `-a '(__swaplab_runs)'`;
    case 'files':
    case 'commands':
    case 'nothing':
      return '';
  }
}

/** A word in single quotes, as fish reads it. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
