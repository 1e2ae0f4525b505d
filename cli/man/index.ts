/** `swaplab man [COMMAND]`: the man page of a command, as troff. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { didYouMean, RunError, UsageError } from '../../src/units/index.ts';
import { parseLine } from '../command-line.ts';
import type { CliCommand } from '../command.ts';
import { describeCommand, type ProgramDescription } from '../description.ts';
import { manPages, type ManPage } from './pages.ts';

const EXAMPLES = `
Examples:
  swaplab man run | man -l -
  swaplab man --write /usr/local/share/man/man1
`;

const SUMMARY = 'print the man page of a command, or of swaplab itself';

/** @param describeProgram - what the pages are about */
export function makeCommand(describeProgram: () => Promise<ProgramDescription>): CliCommand {
  return {
    name: 'man',
    summary: SUMMARY,
    describe: () => describeCommand(manCommand()),
    async run(argv, io) {
      const command = manCommand();
      if (!parseLine(command, argv, io)) return 0;
      const { write } = command.opts<{ readonly write?: string }>();
      const program = await describeProgram();
      const pages = manPages(program);
      if (write === undefined) io.stdout(choosePage(pages, command.args, program).text);
      else if (command.args.length === 0) writePages(pages, write);
      else throw new UsageError('man: --write writes all pages; it takes no COMMAND');
      return 0;
    },
  };
}

function manCommand(): Command {
  return new Command('swaplab man')
    .description(SUMMARY)
    .argument('[COMMAND...]', 'whose page; of a command below another its section is in it')
    .option('--write <FOLDER>', 'write all pages to files: swaplab.1, swaplab-run.1, …')
    .addHelpText('after', EXAMPLES);
}

/** @param words - `runs show` is in the page of `runs` */
function choosePage(
  pages: readonly ManPage[],
  [first, ...below]: readonly string[],
  program: ProgramDescription,
): ManPage {
  if (first === undefined) return pages[0]!;
  const names = program.commands.map(({ name }) => name);
  const at = names.indexOf(first);
  if (at < 0) throw unknownCommand(first, names);
  const known = program.commands[at]!.subcommands.map(({ name }) => name);
  const path = [first, ...below].join(' ');
  if (below.length > 0 && !known.includes(path)) throw unknownCommand(path, known);
  return pages.find(({ name }) => name === `swaplab-${first}`)!;
}

function unknownCommand(name: string, names: readonly string[]): UsageError {
  const accepted = names.length === 0 ? 'one word' : names.join(', ');
  return new UsageError(
    `man: '${name}' is no command; accepted: ${accepted}${didYouMean(name, names)}`,
  );
}

/** @throws RunError when they cannot be written */
function writePages(pages: readonly ManPage[], folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    for (const { name, text } of pages) writeFileSync(join(folder, `${name}.1`), text);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new RunError(`man: --write: ${folder} cannot be written: ${code}`);
  }
}
