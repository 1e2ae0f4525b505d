/** Man pages, made from the same descriptions as --help: one for the program, one for each command. */
import {
  EXIT_STATUS,
  type CommandDescription,
  type ExitStatus,
  type OperandDescription,
  type OptionDescription,
  type ProgramDescription,
} from '../description.ts';
import { bold, escaped, italic, paragraph, verbatim } from './roff.ts';

/** A page: its name without the section, and troff. */
export interface ManPage {
  readonly name: string;
  readonly text: string;
}

const SECTION = '1';
/** Of the texts, not of the build: the same version is the same page, whenever it is made. */
const DATE = '2026-11-21';

const DESCRIPTION = `swaplab is the Linux swap subsystem in user space: real pages, a memory cgroup with a limit, reclaim, zswap,
and real swapfiles, under several swap designs side by side. It counts what the kernel counts, models time with a virtual clock, checks
every page byte for byte, and keeps every run in a database.`;

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ['XDG_STATE_HOME', 'where the state database is kept; without it ~/.local/state'],
  ['TMPDIR', 'where temporary swap areas are made; without it /tmp'],
];

const STATE_FILE = '$XDG_STATE_HOME/swaplab/swaplab.db';
const STATE_TEXT = 'the state database: active swap areas and stored runs; --db FILE names another';

/** All pages, that of the program first. */
export function manPages(program: ProgramDescription): ManPage[] {
  return [
    programPage(program),
    ...program.commands.map((command) => commandPage(command, program)),
  ];
}

function programPage(program: ProgramDescription): ManPage {
  const { version, options, commands } = program;
  return page('swaplab', version, [
    section('NAME', [`swaplab \\- the Linux swap subsystem in user space`]),
    section('SYNOPSIS', [
      `${bold('swaplab')} [${bold('--db')} ${italic('FILE')}] ${italic('COMMAND')} [${italic('ARGUMENTS')}]`,
    ]),
    section('DESCRIPTION', [paragraph(DESCRIPTION)]),
    section(
      'COMMANDS',
      commands.map(({ name, summary }) => tagged(bold(name), paragraph(summary))),
    ),
    section('OPTIONS', options.map(optionItem)),
    exitSection(EXIT_STATUS),
    section('FILES', [tagged(italic(STATE_FILE), paragraph(STATE_TEXT))]),
    environmentSection(),
    seeAlso(commands.map(({ name }) => `swaplab-${name}`)),
  ]);
}

function commandPage(command: CommandDescription, program: ProgramDescription): ManPage {
  const { name, summary, text, notes, exitStatus } = command;
  const { examples, rest } = partNotes(notes);
  const own = new Set(command.options.map(({ long }) => long));
  const everywhere = program.options.filter(({ long }) => long === '--db' && !own.has(long));
  return page(`swaplab-${name}`, program.version, [
    section('NAME', [`swaplab\\-${escaped(name)} \\- ${escaped(summary)}`]),
    section('SYNOPSIS', synopsis(command)),
    section('DESCRIPTION', [
      paragraph(`${text[0]!.toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`),
      ...command.operands.filter(({ text }) => text !== '').map(operandItem),
      ...rest,
    ]),
    section('OPTIONS', [...command.options, ...everywhere].map(optionItem)),
    ...command.subcommands.map(subcommandSection),
    exitSection(exitStatus),
    section('EXAMPLES', examples.length === 0 ? [] : [verbatim(examples)]),
    section('FILES', [tagged(italic(STATE_FILE), paragraph(STATE_TEXT))]),
    environmentSection(),
    seeAlso(
      ['swaplab', ...program.commands.map((each) => `swaplab-${each.name}`)].filter(
        (each) => each !== `swaplab-${name}`,
      ),
    ),
  ]);
}

/** Ways to call the command; of one with others below, theirs. */
function synopsis({ usage, subcommands }: CommandDescription): string[] {
  const lines = subcommands.length === 0 ? usage : subcommands.flatMap((each) => each.usage);
  return lines.map(
    (line, index) => `${index === 0 ? '' : '.br\n'}${bold('swaplab')} ${escaped(line)}`,
  );
}

function subcommandSection(command: CommandDescription): string {
  const { name, text, operands, options, notes, subcommands } = command;
  const { examples, rest } = partNotes(notes);
  return [
    section(name.split(' ').at(-1)!.toUpperCase(), [
      paragraph(`swaplab ${name}: ${text}`),
      ...operands.filter(({ text }) => text !== '').map(operandItem),
      ...options.map(optionItem),
      ...rest,
      ...(examples.length === 0
        ? []
        : [`.PP\n${blockText(['Examples:', ...examples.map((line) => ` ${line}`)])}`]),
    ]),
    ...subcommands.map(subcommandSection),
  ].join('');
}

function page(name: string, version: string, sections: readonly string[]): ManPage {
  const title = `.TH ${escaped(name).toUpperCase()} ${SECTION} ${DATE} "swaplab ${version}" "swaplab"\n`;
  return { name, text: title + sections.join('') };
}

function section(title: string, parts: readonly string[]): string {
  if (parts.length === 0) return '';
  const name = title.includes(' ') ? `"${escaped(title)}"` : escaped(title);
  return `.SH ${name}\n${parts.join('\n')}\n`;
}

function tagged(tag: string, text: string): string {
  return `.TP\n${tag}\n${text}`;
}

function optionItem({ short, long, value, text }: OptionDescription): string {
  const names = [short, long].filter((name) => name !== null).map(bold);
  const described = value === null ? '' : valueText(value);
  const choices = (value?.choices ?? []).filter((choice) => !text.includes(choice));
  const accepted = choices.length === 0 ? '' : `; one of ${value!.choices.join(', ')}`;
  return tagged(
    names.join(', ') + described,
    paragraph((text === '' ? 'no more is said' : text) + accepted),
  );
}

function valueText({
  placeholder,
  isOptional,
  isJoined,
}: NonNullable<OptionDescription['value']>): string {
  const name = italic(placeholder);
  if (isJoined) return `[=${name}]`;
  return isOptional ? ` [${name}]` : ` ${name}`;
}

function operandItem({ name, text, choices }: OperandDescription): string {
  const accepted = choices.length === 0 ? '' : `; one of ${choices.join(', ')}`;
  return tagged(italic(name), paragraph(text + accepted));
}

function exitSection(exitStatus: readonly ExitStatus[]): string {
  return section(
    'EXIT STATUS',
    exitStatus.map(({ code, meaning }) => tagged(bold(code), paragraph(meaning))),
  );
}

function environmentSection(): string {
  return section(
    'ENVIRONMENT',
    ENVIRONMENT.map(([name, text]) => tagged(bold(name), paragraph(text))),
  );
}

function seeAlso(names: readonly string[]): string {
  const lines = names.map((name, index) => {
    const comma = index < names.length - 1 ? ' ,' : '';
    return `.BR ${escaped(name)} (${SECTION})${comma}`;
  });
  return section('SEE ALSO', lines);
}

/** Parts what --help says behind the options into its examples and the other paragraphs, in troff. */
function partNotes(notes: string): { readonly examples: string[]; readonly rest: string[] } {
  const blocks = notes.split(/\n\s*\n/).filter((block) => block.trim() !== '');
  const examples: string[] = [];
  const rest: string[] = [];
  for (const block of blocks) {
    const [first = '', ...lines] = block.split('\n');
    if (!/^Examples?:$/.test(first.trim())) rest.push(`.PP\n${blockText(block.split('\n'))}`);
    else examples.push(...lines.map((line) => line.replace(/^ {2}/, '')));
  }
  return { examples, rest };
}

/** Indented lines stay as they are; the others are filled. */
function blockText(lines: readonly string[]): string {
  const parts: { readonly isIndented: boolean; readonly lines: string[] }[] = [];
  for (const line of lines) {
    const isIndented = line.startsWith(' ');
    if (parts.at(-1)?.isIndented !== isIndented) parts.push({ isIndented, lines: [] });
    parts.at(-1)!.lines.push(line);
  }
  return parts
    .map((part) =>
      part.isIndented
        ? `.RS\n${verbatim(part.lines.map((line) => line.trimStart()))}\n.RE`
        : paragraph(part.lines.join(' ')),
    )
    .join('\n');
}
