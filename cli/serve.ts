/** `swaplab serve`: the stored runs in a browser on this machine, live ones included. Reads only. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Command, InvalidArgumentError } from 'commander';
import { openStateDatabase } from '../src/runs/index.ts';
import { RunError } from '../src/units/index.ts';
import { parseLine } from './command-line.ts';
import type { CliCommand, CommandIo } from './command.ts';
import { describeCommand } from './description.ts';
import { plotLibrary } from './plot-library.ts';
import { REPORT_RUNS_MAX } from './serve/answer.ts';
import { createSiteServer } from './serve/http-server.ts';

/** No other: whoever reaches the server may read all runs. */
const ADDRESS = '127.0.0.1';

/** assumed: in no list of well-known ports, and easy to keep (SWAP on a telephone). */
const DEFAULT_PORT = 7927;

const NOTES = `
Prints its address and runs until Ctrl-C. It can be reached from this machine only, and changes
nothing: not the database either.

  /                 the runs; live ones first, kept up to date
  /runs/N           the report of run N; while it lives, what it does
  /runs/N.json      all that is stored of it, as runs show --json
  /report?run=N&run=M   a report that compares up to ${REPORT_RUNS_MAX} runs

Examples:
  swaplab serve
  swaplab serve --port 0 --db sweep.db
`;

interface Flags {
  readonly port: number;
  readonly verbose?: true;
}

export const command: CliCommand = {
  name: 'serve',
  summary: 'the stored runs and the live ones as pages on localhost',
  describe: () => describeCommand(serveCommand()),
  async run(argv, io) {
    const line = serveCommand();
    if (!parseLine(line, argv, io)) return 0;
    await serve(line.opts<Flags>(), io);
    return 0;
  },
};

function serveCommand(): Command {
  return new Command('swaplab serve')
    .description('the stored runs and the live ones as pages on localhost')
    .option('--port <NUMBER>', `where on ${ADDRESS}; 0 takes a free one`, parsePort, DEFAULT_PORT)
    .option('-v, --verbose', 'tell on stderr what is asked for')
    .addHelpText('after', NOTES);
}

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65535) return Number(text);
  throw new InvalidArgumentError('Accepted is a port from 1 to 65535, or 0 for a free one.');
}

/** Serves until a signal ends it. */
async function serve({ port, verbose }: Flags, io: CommandIo): Promise<void> {
  const { databasePath } = io;
  // What is wrong with the database is told at once.
  openStateDatabase(databasePath, { readonly: true }).close();
  const server = createSiteServer(
    { databasePath, plotLibrary: plotLibrary() },
    {
      log: (text) => {
        if (verbose === true) io.stderr(`serve: ${text}\n`);
      },
      failed: (error) => {
        io.stderr(`serve: ${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
      },
    },
  );
  const end = untilSignal();
  await listen(server, port);
  io.stdout(`http://${ADDRESS}:${(server.address() as AddressInfo).port}/\n`);
  await end;
  server.close();
  server.closeAllConnections();
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE' ? 'is in use' : `cannot be taken: ${error.code ?? ''}`;
      reject(
        new RunError(`serve: --port: ${port} ${why}; give another, or --port 0 for a free one`),
      );
    });
    server.listen({ port, host: ADDRESS, exclusive: true }, resolve);
  });
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => {
        resolve();
      });
  });
}
