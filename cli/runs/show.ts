/** `runs show`: everything that is stored of one run; or what it does while it lives. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { runDocument } from '../../src/report/export/document.ts';
import { runText, SECTION_NAMES, type SectionName } from '../../src/report/text/run-text.ts';
import { nearestNames } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';
import { followRun } from './follow-run.ts';
import { notice } from '../telling.ts';
import { openRuns, printJson, readOne, withRuns } from './open-runs.ts';
import { RUN_SELECTION, selectRun } from './select-runs.ts';
import { characterSet } from './terminal.ts';

interface ShowOptions {
  readonly section: readonly SectionName[];
  readonly json?: true;
  readonly follow?: true;
}

export function addShow(runs: Command, io: CommandIo, endsWith: (exitCode: number) => void): void {
  runs
    .command('show')
    .description('everything that is stored of one run')
    .argument('<run>', `which one: ${RUN_SELECTION}`)
    .option(
      '--section <list>',
      `only these parts: ${SECTION_NAMES.join(', ')}; repeatable`,
      collectSections,
      [],
    )
    .addOption(new Option('--json', 'one JSON document').conflicts(['follow', 'section']))
    .option('--follow', 'what it does while it lives, a line each interval; ends as the run does')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  swaplab runs show last',
        '  swaplab runs show 12 --section phases,histograms',
        '  swaplab runs show last --follow',
      ].join('\n'),
    )
    .action(async (run: string, options: ShowOptions) => {
      if (options.follow === true) endsWith(await follow(io, run));
      else show(io, run, options);
    });
}

function show(io: CommandIo, wanted: string, { section, json }: ShowOptions): void {
  const run = withRuns(io, (runs) => readOne(runs, wanted, io));
  if (json === true) printJson(io, runDocument(run));
  else {
    const names = section.length === 0 ? SECTION_NAMES : section;
    const text = runText(run, names, characterSet(io.env));
    if (text === '') notice(io, `run ${run.runId} has nothing of: ${names.join(', ')}\n`);
    io.stdout(text);
  }
}

async function follow(io: CommandIo, wanted: string): Promise<number> {
  const database = openRuns(io);
  try {
    const runId = selectRun(wanted, database.runs, 'RUN');
    return await followRun(database.runs, runId, (text) => {
      io.stdout(text);
    });
  } finally {
    database.close();
  }
}

function collectSections(text: string, earlier: readonly SectionName[]): SectionName[] {
  const names = text.split(',').map((word) => {
    const name = SECTION_NAMES.find((each) => each === word);
    if (name !== undefined) return name;
    const [nearest = ''] = nearestNames(word, SECTION_NAMES, 1);
    throw new InvalidArgumentError(
      `'${word}' is no section; the nearest is ${nearest}. Accepted: ${SECTION_NAMES.join(', ')}.`,
    );
  });
  return [...earlier, ...names];
}
