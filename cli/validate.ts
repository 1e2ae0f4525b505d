/** `swaplab validate`: replays what a real kernel counted, and compares cell by cell. */
import { basename } from 'node:path';
import { Command, Option } from 'commander';
import {
  compareWithCapture,
  notModelled,
  parseCapture,
  replayCapture,
  scoreOf,
  type Capture,
  type FlushedBy,
  type PhaseAgreement,
  type RunResult,
} from '../src/machine/index.ts';
import { UsageError } from '../src/units/index.ts';
import { parseLine } from './command-line.ts';
import type { CliCommand } from './command.ts';
import { describeCommand } from './description.ts';
import { createProgress } from './progress.ts';
import { detail } from './telling.ts';
import { readInput } from './read-input.ts';
import { alignTable, type Cell } from '../src/report/text/table.ts';

/** Exit code when a cell that gates disagrees. */
const EXIT_DISAGREES = 3;

interface FileResult {
  readonly file: string;
  readonly phases: readonly PhaseAgreement[];
  readonly flushedBy: FlushedBy;
  readonly verify: RunResult['verify'];
  /** What the capture was recorded with and the replay does not model. */
  readonly notModelled: readonly string[];
  readonly slotRuns: { readonly kernel: readonly (number | undefined)[]; readonly swaplab: number };
}

const EXAMPLES = `
A cell is a counter of one phase. It gates if the kernel's own runs agree on it, and it is in the
score if 0 would be wrong; fixtures/kernel/README.md has the rule.

Examples:
  swaplab validate fixtures/kernel/*.json
  swaplab validate --all fixtures/kernel/hot-ssd.json
`;

export const command: CliCommand = {
  name: 'validate',
  summary: 'replay captures of a real kernel and compare with what it counted',
  describe: () => describeCommand(validateCommand()),
  async run(argv, io) {
    const parser = validateCommand();
    if (!parseLine(parser, argv, io)) return 0;
    const flags = parser.opts<{
      readonly all?: boolean;
      readonly payload: 'bytes' | 'none';
      readonly json?: boolean;
    }>();
    // All are checked before the first is replayed: that can take a while.
    const captures = parser.args.map((file) => ({ file, capture: readCapture(file) }));
    const results: FileResult[] = [];
    const total = captures.length;
    const progress = createProgress({ label: 'replaying', unit: 'captures', total }, io);
    try {
      for (const { file, capture } of captures) {
        progress.update({ done: results.length, label: `replaying ${basename(file)}` });
        detail(io, `replaying ${file}`);
        const result = await validate(file, capture, flags.payload);
        results.push(result);
        // Where it is asked for, the bar is under the last line of the text.
        progress.stop();
        if (flags.json !== true) io.stdout(fileText(result, flags.all === true));
      }
    } finally {
      progress.stop();
    }
    if (flags.json === true) io.stdout(`${JSON.stringify(document(results), null, 2)}\n`);
    else io.stdout(`\nin all: ${scoreText(results.flatMap(({ phases }) => phases))}\n`);
    return results.every(isOk) ? 0 : EXIT_DISAGREES;
  },
};

function validateCommand(): Command {
  return new Command('swaplab validate')
    .description('replay captures of a real kernel and compare with what it counted')
    .argument('<CAPTURES...>', 'files that the capture tool wrote')
    .option('--all', 'show the cells that agree, too')
    .addOption(
      new Option('--payload <KIND>', 'bytes: real pages; none: sizes only, without zram figures')
        .choices(['bytes', 'none'])
        .default('bytes'),
    )
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES);
}

function readCapture(file: string): Capture {
  const text = readInput(file, 'validate').toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file} is no JSON: ${(error as Error).message}`);
  }
  return parseCapture(json, file);
}

async function validate(
  file: string,
  capture: Capture,
  payload: 'bytes' | 'none',
): Promise<FileResult> {
  const { phases, result, flushedBy } = await replayCapture(capture, file, payload);
  return {
    file,
    phases: compareWithCapture(capture, phases),
    flushedBy,
    verify: result.verify,
    notModelled: notModelled(capture),
    slotRuns: { kernel: capture.runs.map((run) => run.slotRuns), swaplab: result.slotRuns },
  };
}

function isOk({ phases, verify }: FileResult): boolean {
  if (verify.mismatches > 0) return false;
  return phases.every(({ cells }) => cells.every(({ gating, ok }) => ok || !gating));
}

function document(results: readonly FileResult[]): unknown {
  const cells = results.flatMap(({ phases }) => phases.flatMap((phase) => phase.cells));
  const gating = cells.filter((cell) => cell.gating);
  return {
    ok: results.every(isOk),
    passed: gating.filter(({ ok }) => ok).length,
    failed: gating.filter(({ ok }) => !ok).length,
    score: scoreOf(results.flatMap(({ phases }) => phases)),
    captures: results.map((result) => ({
      file: result.file,
      ok: isOk(result),
      slotRuns: result.slotRuns,
      statisticsFlushedBy: result.flushedBy,
      verify: result.verify,
      notModelled: result.notModelled,
      phases: result.phases.map((phase) => ({ op: phase.op, counters: phase.cells })),
    })),
  };
}

function fileText(result: FileResult, showsAll: boolean): string {
  const rows = result.phases.flatMap(({ op, cells }): Cell[][] =>
    cells
      .filter(({ gating, ok }) => showsAll || (gating && !ok))
      .map(({ name, kernel, swaplab, gating, ok }) => [
        op,
        name,
        kernel.join(' '),
        swaplab,
        verdict(gating, ok),
      ]),
  );
  const { kernel, swaplab } = result.slotRuns;
  const head =
    `${result.file}\n  ${scoreText(result.phases)}\n` +
    `  runs of slots: kernel ${kernel.join(' ')}, here ${swaplab}; ` +
    `statistics flushed by ${result.flushedBy}\n` +
    result.notModelled.map((what) => `  not modelled: ${what}\n`).join('');
  if (rows.length === 0) return head;
  const table = alignTable(['OPERATION', 'COUNTER', 'KERNEL', 'HERE', 'VERDICT'], rows);
  return head + table.replace(/^/gm, '  ').trimEnd() + '\n';
}

function verdict(gating: boolean, ok: boolean): string {
  if (!gating) return 'not scored: the kernel’s runs differ';
  return ok ? 'agrees' : 'differs';
}

function scoreText(phases: readonly PhaseAgreement[]): string {
  const { mattering, matteringOk, gating, gatingOk } = scoreOf(phases);
  const percent = ((matteringOk * 100) / Math.max(1, mattering)).toFixed(1);
  return (
    `${matteringOk} of ${mattering} cells agree (${percent} %); ` +
    `${gatingOk} of ${gating} with those where 0 would do`
  );
}
