/** `swaplab endure`: swapping without end, with faults, and a verdict. */
import type { CliCommand } from './command.ts';
import { readEndureLine } from './endure-options.ts';
import { endureJson, endureText, momentJson, momentText } from './endure-output.ts';
import { executeEndurance } from './endure-runner.ts';

/** Exit code of a run with wrong bytes or a broken promise. */
const EXIT_BROKEN = 3;

export const command: CliCommand = {
  name: 'endure',
  summary: 'swap for hours with faults, compare every page, and give a verdict',
  async run(argv, io) {
    const line = readEndureLine(argv, io);
    if (line === null) return 0;
    const finished = await executeEndurance(
      line,
      ['swaplab endure', ...argv].join(' '),
      {
        onMoment: (moment) => {
          if (line.output === 'ndjson') io.stdout(`${JSON.stringify(momentJson(moment))}\n`);
          if (!line.quiet) io.stderr(`${momentText(moment)}\n`);
        },
      },
      io,
    );
    if (line.output === 'json') io.stdout(`${JSON.stringify(endureJson(finished), null, 2)}\n`);
    else if (line.output === 'ndjson')
      io.stdout(`${JSON.stringify({ kind: 'end', ...(endureJson(finished) as object) })}\n`);
    else io.stdout(endureText(finished));
    return finished.result.verdict === 'no silent damage' ? 0 : EXIT_BROKEN;
  },
};
