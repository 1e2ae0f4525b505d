#!/usr/bin/env node
/** `swaplab COMMAND`: finds the command, runs it, and turns what went wrong into an exit code. */
import { pathToFileURL } from 'node:url';
import { realpathSync } from 'node:fs';
import { defaultDatabasePath } from '../src/runs/index.ts';
import { CheckError, InvariantError, RunError, UsageError } from '../src/units/index.ts';
import type { CliCommand, CommandIo } from './command.ts';
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
  metadata: () => import('./metadata.ts'),
  validate: () => import('./validate.ts'),
  explain: () => import('./explain.ts'),
  endure: () => import('./endure.ts'),
  bench: () => import('./bench.ts'),
  demo: () => import('./demo.ts'),
};

/** Exit codes. */
const EXIT = { failure: 1, usage: 2, check: 3 } as const;

/**
 * Runs the program.
 * @param argv - what stands behind the program's name
 * @returns the exit code
 */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    const { databasePath, rest } = takeDatabaseOption(argv);
    const [name, ...args] = rest;
    if (name === undefined || name === '-h' || name === '--help' || name === 'help') {
      process.stdout.write(await help());
      return name === undefined ? EXIT.usage : 0;
    }
    if (name === '-V' || name === '--version') {
      process.stdout.write(`swaplab ${version}\n`);
      return 0;
    }
    const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (load === undefined)
      throw new UsageError(
        `'${name}' is no command; accepted: ${Object.keys(commands).join(', ')}`,
      );
    const { command } = await load();
    return await command.run(args, createIo(databasePath));
  } catch (error) {
    return report(error);
  }
}

function createIo(databasePath: string | undefined): CommandIo {
  return {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    get databasePath() {
      return databasePath ?? defaultDatabasePath(process.env);
    },
    env: process.env,
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
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const lines = await Promise.all(
    Object.entries(commands).map(async ([name, load]) => {
      const { command } = await load();
      return `  ${name.padEnd(width)}  ${command.summary}`;
    }),
  );
  return [
    'Usage: swaplab [--db FILE] COMMAND [ARGUMENTS]',
    '',
    'The Linux swap subsystem in user space.',
    '',
    ...lines,
    '',
    '  --db FILE  state database (default $XDG_STATE_HOME/swaplab/swaplab.db)',
    '  -V, --version; swaplab COMMAND --help says more about a command.',
    'Exit codes: 0 done, 1 failed, 2 usage, 3 a data or invariant check failed.',
    '',
  ].join('\n');
}

function report(error: unknown): number {
  if (error instanceof UsageError) return say(error.message, EXIT.usage);
  if (error instanceof RunError) return say(error.message, EXIT.failure);
  if (error instanceof CheckError) return say(`data check failed: ${error.message}`, EXIT.check);
  if (error instanceof InvariantError)
    return say(`a bug in swaplab: ${error.message}\n${error.stack ?? ''}`, EXIT.check);
  if (error instanceof RangeError && error.message.includes('allocation failed'))
    return say('this process gets no memory for what was asked of it', EXIT.failure);
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
    throw error;
  });
  process.exitCode = await main(process.argv.slice(2));
}
