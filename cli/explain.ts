/** `swaplab explain`: how one gets from a swap entry in a page table to the page's bytes. */
import { Command } from 'commander';
import { explainSituation, situations, type Answer } from '../src/machine/index.ts';
import { openStateDatabase, inspectDatabaseFile, type StoredRun } from '../src/runs/index.ts';
import { chooseDesign, designs, type DesignChoice } from '../src/swap/index.ts';
import { didYouMean, UsageError } from '../src/units/index.ts';
import { parseLine } from './command-line.ts';
import type { CliCommand, CommandIo } from './command.ts';
import { explainJson, explainText, placeText } from './explain-output.ts';
import { describeCommand } from './description.ts';
import { createProgress, createRunsProgress } from './progress.ts';
import { resolveInRun, type RunPoint } from './replay.ts';

/** Exit code when bytes are not where the hops lead. */
const EXIT_MISMATCH = 3;

interface Flags {
  readonly design?: string;
  readonly situation?: string;
  readonly run?: string;
  readonly at?: string;
  readonly page?: string;
  readonly task?: string;
  readonly json?: boolean;
}

function explainCommand(): Command {
  const keys = Object.entries(situations).map(([key, { title }]) => `  ${key.padEnd(15)} ${title}`);
  return new Command('swaplab explain')
    .description(
      'the hops from a swap entry to its bytes, as they were read: per design and situation, or for ' +
        'one page of a stored run',
    )
    .option(
      '--design <NAMES>',
      `NAME[:REVISION], several with commas, or all (default): ${Object.keys(designs).join(', ')}`,
    )
    .option('--situation <KEYS>', 'KEY, several with commas, or all (default); see below')
    .option('--run <ID>', 'replay a stored run, up to --at')
    .option(
      '--at <POINT>',
      'after operation N (from 1, over the whole run), or at the end of phase:N',
    )
    .option('--page <N>', 'page of the mapping')
    .option('--task <N>', 'whose page: a task of the trace (0), or child: the forked child at work')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Situations:
${keys.join('\n')}

A hop is a table read with the event that was counted for it; "-" is a place that follows by
arithmetic or from a field of what was read before.

Examples:
  swaplab explain --situation in-file
  swaplab explain --design vswap:v5,vswap-table --situation in-writeback,old-slot
  swaplab explain --run 3 --at 5000 --page 42
  swaplab explain --run last --at phase:1 --page 42 --json
`,
    );
}

export const command: CliCommand = {
  name: 'explain',
  summary: 'the hops from a swap entry to its bytes, per design and situation or in a stored run',
  describe: () => describeCommand(explainCommand()),
  async run(argv, io) {
    const flags = readFlags(argv, io);
    if (flags === null) return 0;
    return flags.run === undefined ? explainSituations(flags, io) : explainRun(flags, io);
  },
};

function readFlags(argv: readonly string[], io: CommandIo): Flags | null {
  const command = explainCommand();
  if (!parseLine(command, argv, io)) return null;
  if (command.args.length > 0)
    throw new UsageError(`explain: '${command.args[0]!}' is not accepted; accepted: options`);
  return command.opts<Flags>();
}

async function explainSituations(flags: Flags, io: CommandIo): Promise<number> {
  for (const name of ['at', 'page', 'task'] as const)
    if (flags[name] !== undefined) throw new UsageError(`--${name}: belongs to --run ID`);
  const chosen = chosenDesigns(flags.design ?? 'all');
  const keys = chosenSituations(flags.situation ?? 'all');
  const total = keys.length * chosen.length;
  const progress = createProgress({ label: 'bringing about', unit: 'situations', total }, io);
  const answers: Answer[] = [];
  try {
    for (const key of keys)
      for (const design of chosen) {
        answers.push(await explainSituation(design, key));
        progress.update({ done: answers.length });
      }
  } finally {
    progress.stop();
  }
  if (flags.json === true) io.stdout(`${JSON.stringify(explainJson(answers), null, 2)}\n`);
  else io.stdout(explainText(answers));
  const isWrong = answers.some(
    ({ holds, also }) => holds === false || also.some((view) => view.holds === false),
  );
  return isWrong ? EXIT_MISMATCH : 0;
}

function chosenDesigns(text: string): DesignChoice[] {
  const names = text === 'all' ? Object.keys(designs) : text.split(',');
  return names.map((name) => chooseDesign(name, '--design'));
}

function chosenSituations(text: string): string[] {
  if (text === 'all') return Object.keys(situations);
  return text.split(',').map((key) => {
    if (Object.hasOwn(situations, key)) return key;
    throw new UsageError(
      `--situation: '${key}' is none; accepted: ${Object.keys(situations).join(', ')}, all` +
        didYouMean(key, Object.keys(situations)),
    );
  });
}

async function explainRun(flags: Flags, io: CommandIo): Promise<number> {
  for (const name of ['design', 'situation'] as const)
    if (flags[name] !== undefined)
      throw new UsageError(`--${name}: a stored run has its own; leave it out beside --run`);
  if (flags.at === undefined || flags.page === undefined)
    throw new UsageError('--run: needs --at OPERATION (or phase:N) and --page N as well');
  const point: RunPoint = {
    at: pointOf(flags.at),
    page: wholeNumber(flags.page, '--page'),
    task: flags.task === 'child' ? 'child' : wholeNumber(flags.task ?? '0', '--task', ', or child'),
  };
  const stored = findRun(flags.run ?? '', io);
  const progress = createRunsProgress(1, io);
  const found = await resolveInRun(stored, point, { onProgress: progress.update }).finally(
    progress.stop,
  );
  if (flags.json === true)
    io.stdout(`${JSON.stringify(explainJson([found.answer], found.where), null, 2)}\n`);
  else io.stdout(placeText(found));
  const isWrong =
    found.answer.holds === false || found.answer.also.some((view) => view.holds === false);
  return isWrong ? EXIT_MISMATCH : 0;
}

function pointOf(text: string): RunPoint['at'] {
  const phase = /^phase:(.*)$/.exec(text);
  if (phase !== null) return { phase: wholeNumber(phase[1]!, '--at phase') };
  const operation = wholeNumber(text, '--at', ' from 1, or phase:N');
  if (operation === 0)
    throw new UsageError(
      "--at: '0' is before the first operation; accepted: a whole number from 1",
    );
  return { operation };
}

function wholeNumber(text: string, option: string, orElse = ' from 0'): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`${option}: '${text}' is not accepted; accepted: a whole number${orElse}`);
}

function findRun(text: string, io: CommandIo): StoredRun {
  if (text !== 'last' && !/^[1-9]\d{0,14}$/.test(text))
    throw new UsageError(`--run: '${text}' is no run; accepted: a run's number from 1, or last`);
  const { databasePath } = io;
  if (inspectDatabaseFile(databasePath) !== 'ours')
    throw new UsageError(`--run: there are no runs yet in ${databasePath}; swaplab run makes one`);
  const database = openStateDatabase(databasePath);
  try {
    const { runs } = database;
    const runId = text === 'last' ? runs.list({ limit: 1 })[0]?.runId : Number(text);
    const run = runId === undefined ? undefined : runs.get(runId);
    if (run !== undefined) return run;
    const nearest = runId === undefined ? [] : runs.nearestIds(runId, 3);
    throw new UsageError(
      `--run: there is no run ${text} in ${databasePath}; ` +
        (nearest.length === 0
          ? 'there are none at all'
          : `accepted are, near it: ${nearest.join(', ')}`),
    );
  } finally {
    database.close();
  }
}
