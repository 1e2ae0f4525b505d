#!/usr/bin/env node
/** `swaplab COMMAND`: finds the command, runs it, and turns what went wrong into an exit code. */
import { pathToFileURL } from 'node:url';
import { readFileSync, realpathSync } from 'node:fs';
import { defaultDatabasePath } from '../src/runs/index.ts';
import {
  CheckError,
  didYouMean,
  InvariantError,
  RunError,
  UsageError,
} from '../src/units/index.ts';
import type { CliCommand, CommandIo } from './command.ts';
import type { OptionDescription, ProgramDescription } from './description.ts';
import { packageFile } from './package-file.ts';
import { Verbosity } from './verbosity.ts';
import { version } from './version.ts';

/** The commands by name, each loaded when it is called: starting up costs what the command needs. */
const commands: Readonly<Record<string, () => Promise<{ readonly command: CliCommand }>>> = {
  mkswap: () => import('./mkswap.ts'),
  swaplabel: () => import('./swaplabel.ts'),
  swapon: () => import('./swapon.ts'),
  swapoff: () => import('./swapoff.ts'),
  run: () => import('./run.ts'),
  runs: () => import('./runs/index.ts'),
  compare: () => import('./compare.ts'),
  report: () => import('./report.ts'),
  serve: () => import('./serve.ts'),
  import: () => import('./import.ts'),
  device: () => import('./device/index.ts'),
  sweep: () => import('./sweep/index.ts'),
  metadata: () => import('./metadata.ts'),
  validate: () => import('./validate.ts'),
  explain: () => import('./explain.ts'),
  endure: () => import('./endure.ts'),
  estimate: () => import('./estimate.ts'),
  bench: () => import('./bench.ts'),
  demo: () => import('./demo.ts'),
};

/** Where the build writes the commands' summaries. */
const SUMMARIES = 'dist/summaries.json';

/** Commands about all commands: those are handed to them. */
const aboutCommands: Readonly<
  Record<
    string,
    () => Promise<{ readonly makeCommand: (describe: typeof describeProgram) => CliCommand }>
  >
> = {
  completion: () => import('./completion/index.ts'),
  man: () => import('./man/index.ts'),
};

const NAMES: readonly string[] = [...Object.keys(commands), ...Object.keys(aboutCommands)];

/** The program's own options. */
const OPTIONS: readonly OptionDescription[] = [
  {
    ...{ short: null, long: '--db', isRepeated: false },
    value: { placeholder: 'FILE', isOptional: false, isJoined: false, choices: [] },
    text: 'state database (default $XDG_STATE_HOME/swaplab/swaplab.db); may stand anywhere before --',
  },
  { ...{ short: '-h', long: '--help', value: null, isRepeated: false }, text: 'display help' },
  {
    ...{ short: '-V', long: '--version', value: null, isRepeated: false },
    text: 'display version',
  },
];

/** Exit codes. */
const EXIT = { failure: 1, usage: 2, check: 3 } as const;

/**
 * Runs the program.
 * @param argv - what stands behind the program's name
 * @returns the exit code
 */
export async function main(argv: readonly string[]): Promise<number> {
  let called: string | null = null;
  try {
    const { databasePath, rest } = takeDatabaseOption(argv);
    const [name, ...args] = isHelpOfCommand(rest) ? [...rest.slice(1), '--help'] : rest;
    if (name === undefined || name === '-h' || name === '--help' || name === 'help') {
      process.stdout.write(await help());
      return name === undefined ? EXIT.usage : 0;
    }
    if (name === '-V' || name === '--version') {
      process.stdout.write(`swaplab ${version}\n`);
      return 0;
    }
    const command = await loadCommand(name);
    called = name;
    return await command.run(args, createIo(databasePath));
  } catch (error) {
    return report(error, called);
  }
}

/** `help COMMAND`, with the words of a command below it where there is one. */
function isHelpOfCommand([first, second]: readonly string[]): boolean {
  return first === 'help' && second?.startsWith('-') === false;
}

/** @throws UsageError with the nearest name where there is no such command */
async function loadCommand(name: string): Promise<CliCommand> {
  if (Object.hasOwn(commands, name)) return (await commands[name]!()).command;
  if (Object.hasOwn(aboutCommands, name))
    return (await aboutCommands[name]!()).makeCommand(describeProgram);
  if (!name.startsWith('-'))
    throw new UsageError(
      `'${name}' is no command; accepted: ${NAMES.join(', ')}${didYouMean(name, [...NAMES, 'help'])}`,
    );
  const own = OPTIONS.flatMap(({ short, long }) => [short, long]).filter((each) => each !== null);
  throw new UsageError(
    `unknown option '${name}'; before the command accepted: ${own.join(', ')}` +
      didYouMean(name, own),
  );
}

/** All commands with all that they take. */
export async function describeProgram(): Promise<ProgramDescription> {
  const loaded = await Promise.all(NAMES.map(loadCommand));
  const help = {
    ...{ name: 'help', summary: 'display help of a command', text: 'display help of a command' },
    usage: ['help [COMMAND]'],
    operands: [
      { name: 'COMMAND', isRequired: false, isRepeated: false, text: 'whose help', choices: [] },
    ],
    ...{ options: [], subcommands: [], notes: '', exitStatus: [{ code: '0', meaning: 'done' }] },
  };
  return {
    ...{ version, options: OPTIONS },
    commands: [
      ...loaded.map((command) => ({ ...command.describe(), summary: command.summary })),
      help,
    ],
  };
}

function createIo(databasePath: string | undefined): CommandIo {
  return {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    get databasePath() {
      return databasePath ?? defaultDatabasePath(process.env);
    },
    env: process.env,
    verbosity: new Verbosity(),
  };
}

/** `--db FILE` may stand anywhere before `--`. */
function takeDatabaseOption(argv: readonly string[]): {
  readonly databasePath: string | undefined;
  readonly rest: readonly string[];
} {
  const end = argv.indexOf('--');
  const head = end < 0 ? [...argv] : argv.slice(0, end);
  const at = head.findIndex((word) => word === '--db' || word.startsWith('--db='));
  if (at < 0) return { databasePath: undefined, rest: argv };
  const isJoined = head[at] !== '--db';
  const path = isJoined ? head[at]!.slice('--db='.length) : head[at + 1];
  if (path === undefined || path === '')
    throw new UsageError('--db: takes the path of a state database');
  head.splice(at, isJoined ? 1 : 2);
  return { databasePath: path, rest: end < 0 ? head : [...head, ...argv.slice(end)] };
}

async function help(): Promise<string> {
  const width = Math.max(...NAMES.map((name) => name.length));
  const summaries = await readSummaries();
  const lines = NAMES.map((name) => `  ${name.padEnd(width)}  ${summaries[name]!}`);
  return [
    'Usage: swaplab [--db FILE] COMMAND [ARGUMENTS]',
    '',
    'The Linux swap subsystem in user space.',
    '',
    ...lines,
    '',
    '  --db FILE  state database (default $XDG_STATE_HOME/swaplab/swaplab.db)',
    '  -V, --version; swaplab COMMAND --help says more about a command.',
    'Exit codes: 0 done, 1 failed, 2 usage, 3 a data or invariant check failed, 4 a threshold passed.',
    '',
  ].join('\n');
}

/** One line for each command: as the build wrote them down, for loading all takes a second. */
async function readSummaries(): Promise<Readonly<Record<string, string>>> {
  try {
    const text = readFileSync(packageFile(SUMMARIES), 'utf8');
    const written = JSON.parse(text) as Readonly<Record<string, string>>;
    if (NAMES.every((name) => typeof written[name] === 'string')) return written;
  } catch {
    // Built by tsc alone, or by an older version: the commands say it themselves.
  }
  const loaded = await Promise.all(NAMES.map(loadCommand));
  return Object.fromEntries(loaded.map(({ name, summary }) => [name, summary]));
}

/** @param command - who failed; null: the program before it had one */
function report(error: unknown, command: string | null): number {
  const named = (message: string): string =>
    command === null || message.startsWith(`${command}: `) || message.startsWith(`${command} `)
      ? message
      : `${command}: ${message}`;
  if (error instanceof UsageError) return say(named(error.message), EXIT.usage);
  if (error instanceof RunError) return say(named(error.message), EXIT.failure);
  if (error instanceof CheckError)
    return say(named(`data check failed: ${error.message}`), EXIT.check);
  if (error instanceof InvariantError)
    return say(`a bug in swaplab: ${error.message}\n${error.stack ?? ''}`, EXIT.check);
  if (error instanceof RangeError && error.message.includes('allocation failed'))
    return say(named('this process gets no memory for what was asked of it'), EXIT.failure);
  return say(error instanceof Error ? (error.stack ?? error.message) : String(error), EXIT.failure);
}

function say(message: string, exitCode: number): number {
  process.stderr.write(`swaplab: ${message}\n`);
  return exitCode;
}

if (import.meta.url === pathToFileURL(realpathSync(process.argv[1] ?? '.')).href) {
  // A reader that has had enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    process.exit(
      say(`standard output takes no more: ${error.code ?? error.message}`, EXIT.failure),
    );
  });
  process.exitCode = await main(process.argv.slice(2));
}
