/** `swaplab endure`: swapping without end, with faults, and a verdict. */
import type { CliCommand, CommandIo } from './command.ts';
import { readJson } from './run-options.ts';
import { parseReplay, performReplay, verdictOf } from '../src/machine/index.ts';
import { describeCommand } from './description.ts';
import { endureCommand, readEndureLine, type EndureLine } from './endure-options.ts';
import { endureJson, endureText, momentJson, momentText } from './endure-output.ts';
import { executeEndurance, type EndureHooks, type FinishedEndurance } from './endure-runner.ts';
import { createProgress } from './progress.ts';
import { shellCommand } from './shell-words.ts';

/** Exit code of a run with wrong bytes or a broken promise. */
const EXIT_BROKEN = 3;

export const command: CliCommand = {
  name: 'endure',
  summary: 'swap for hours with faults, compare every page, and give a verdict',
  describe: () => describeCommand(endureCommand()),
  async run(argv, io) {
    const line = readEndureLine(argv, io);
    if (line === null) return 0;
    if (line.replay !== null) return await showAgain(line.replay, line.output === 'json', io);
    const finished = await endure(line, shellCommand('endure', argv), io);
    if (line.output === 'json') io.stdout(`${JSON.stringify(endureJson(finished), null, 2)}\n`);
    else if (line.output === 'ndjson')
      io.stdout(`${JSON.stringify({ kind: 'end', ...(endureJson(finished) as object) })}\n`);
    else io.stdout(endureText(finished));
    if (finished.result.verdict !== 'no silent damage') return EXIT_BROKEN;
    // The verdict is on the screen; only then does the command fail.
    if (finished.notStored !== null) throw finished.notStored;
    return 0;
  },
};

/** Runs it with a line at each interval and, on a terminal, a bar below the lines. */
async function endure(
  line: EndureLine,
  commandLine: string,
  io: CommandIo,
): Promise<FinishedEndurance> {
  const bar = createProgress({ label: 'swapping', unit: 'operations' }, io);
  const hooks: EndureHooks = {
    onProgress: bar.update,
    onMoment: (moment) => {
      bar.stop();
      if (line.output === 'ndjson') io.stdout(`${JSON.stringify(momentJson(moment))}\n`);
      if (!line.quiet) io.stderr(`${momentText(moment)}\n`);
    },
  };
  try {
    return await executeEndurance(line, commandLine, hooks, io);
  } finally {
    bar.stop();
  }
}

/** Performs a replay: the promise breaks again, or it is kept now. */
async function showAgain(path: string, isJson: boolean, io: CommandIo): Promise<number> {
  const { replay, broke } = parseReplay(readJson(path, '--replay'), path);
  const broken = await performReplay(replay);
  const verdict = verdictOf(broken);
  const operations = replay.operations.count;
  if (isJson) {
    const { seed } = replay;
    io.stdout(`${JSON.stringify({ verdict, seed, operations, broken, broke }, null, 2)}\n`);
  } else {
    io.stdout(`${operations} page operations, ${replay.steps.length} steps\n`);
    io.stdout(
      broken === null
        ? `gone: operation ${broke.operation} broke a promise before: ${broke.what}\n`
        : `operation ${broken.operation}: ${broken.what}\n`,
    );
    io.stdout(`\nverdict: ${verdict}\n`);
  }
  return broken === null ? 0 : EXIT_BROKEN;
}
