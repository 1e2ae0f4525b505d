/**
 * The command line as a completion script sees it: at each place, named by the commands so far
 * (`''`, `runs`, `runs show`), what options there are and what may come next.
 */
import type { CommandDescription, OptionDescription, ProgramDescription } from '../description.ts';
import { operandCandidates, optionCandidates, type Candidates } from './values.ts';

export interface PlaceOption {
  readonly option: OptionDescription;
  readonly candidates: Candidates;
}

export interface Place {
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly PlaceOption[];
  /** For every operand: shells do not count them. */
  readonly operand: Candidates;
}

/** All places, the program's own first. */
export function placesOf(program: ProgramDescription): Place[] {
  const root: Place = {
    path: '',
    commands: program.commands.map(({ name, summary }) => ({ name, summary })),
    options: program.options.map((option) => placeOption('', option)),
    operand: { kind: 'nothing' },
  };
  const below = program.commands.flatMap((command) => placesBelow(command, program));
  return [root, ...below];
}

function placesBelow(command: CommandDescription, program: ProgramDescription): Place[] {
  const { name, subcommands, operands } = command;
  const own = new Set(command.options.map(({ long }) => long));
  const everywhere = program.options.filter(({ long }) => long === '--db' && !own.has(long));
  const candidates = operands.map(operandCandidates);
  return [
    {
      path: name,
      commands: subcommands.map((each) => ({
        name: each.name.slice(name.length + 1),
        summary: each.summary,
      })),
      options: [...command.options, ...everywhere].map((option) => placeOption(name, option)),
      operand: candidates.find(({ kind }) => kind !== 'nothing') ?? { kind: 'nothing' },
    },
    ...subcommands.flatMap((each) => placesBelow(each, program)),
  ];
}

function placeOption(path: string, option: OptionDescription): PlaceOption {
  return { option, candidates: optionCandidates(path, option) };
}

/** The names of an option, the short one first. */
export function namesOf({ short, long }: OptionDescription): string[] {
  return [short, long].filter((name) => name !== null);
}

/** The names of an option whose value is the next word. */
export function namesTakingWord({ option }: PlaceOption): string[] {
  const { value } = option;
  return value === null || value.isJoined ? [] : namesOf(option);
}

/** The beginning of a text, up to where a shell has room for it: one line without quotes of its own. */
export function shortText(text: string): string {
  const [first = ''] = text.replaceAll(/\s+/g, ' ').split(/; | \([^)]*: (?=\S+,)|: (?=\S+,)/);
  return first.length <= 72 ? first : `${first.slice(0, 71)}…`;
}

/** A word in single quotes, as POSIX shells and zsh read it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
