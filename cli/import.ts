/** `swaplab import`: memory traces of real programs become access traces, which runs replay. */
import { basename } from 'node:path';
import { Command } from 'commander';
import {
  AccessTraceWriter,
  CONTENT_MODELS,
  importers,
  parseContentModel,
  TLB_ENTRIES_MAX,
  type AccessTraceSummary,
  type Importer,
} from '../src/workload/index.ts';
import { UsageError } from '../src/units/index.ts';
import { performLine } from './command-line.ts';
import { NOBODY, type CliCommand, type CommandIo } from './command.ts';
import { describeCommand } from './description.ts';
import { requireOtherFile } from './file-name.ts';
import { openInput } from './import/input.ts';
import { importJson, importText, type Imported } from './import/output.ts';
import { createProgress } from './progress.ts';
import { numberWithin } from './run-options.ts';
import { beginFile } from './write-output.ts';

/** Phases that a trace without any is cut into: points of the charts over phases. assumed */
const PARTS = 16;
const PARTS_MAX = 1000;
/**
 * @source Intel 64 and IA-32 Optimization Reference Manual (248966-045), table 2-15: the first-level
 * data TLB of Skylake has 64 entries for pages of 4 KiB
 */
const TLB_ENTRIES = 64;
const MIB = 1 << 20;

export const command: CliCommand = {
  name: 'import',
  summary: 'make an access trace, for --trace, of a memory trace of a real program',
  describe: () => describeCommand(importCommand(NOBODY)),
  async run(argv, io) {
    await performLine(importCommand(io), argv, io);
    return 0;
  },
};

interface Flags {
  readonly output?: string;
  readonly tlb: string;
  readonly content: string;
  readonly phases: string;
  readonly seed: string;
  readonly json?: boolean;
}

const NOTES = `
FILE may be packed with gzip, or with zstd where Node unpacks that; - is standard input.

A CPU sets a page's accessed and dirty bits only when it walks the page table: accesses that hit a TLB
of --tlb entries are counted and left out. A memory trace says which pages were touched, not what was
in them: --content says what a page holds that is written (${CONTENT_MODELS}).

An existing OUT is written over.`;

function importCommand(io: CommandIo): Command {
  const all = new Command('swaplab import').description(command.summary);
  for (const [format, importer] of Object.entries(importers)) addFormat(all, format, importer, io);
  return all.addHelpText('after', NOTES);
}

function addFormat(all: Command, format: string, importer: Importer, io: CommandIo): void {
  const one = all
    .command(format)
    .description(importer.summary)
    .argument('<file>', 'the trace; - is standard input')
    .option('-o, --output <FILE>', 'the access trace (FILE with .accesses, in this folder)')
    .option('--tlb <N>', 'entries of the TLB that hides accesses; 0 keeps all', String(TLB_ENTRIES))
    .option('--content <KIND>', `what written pages hold: ${CONTENT_MODELS}`, 'spread')
    .option(
      '--phases <N>',
      'parts that a trace without phases of its own is cut into',
      String(PARTS),
    )
    .option('--seed <N>', 'seed of what the importer draws', '1')
    .option('--json', 'print one JSON document');
  for (const { flags, text } of importer.options) one.option(flags, text);
  one.addHelpText('after', `\n${importer.recording}\n${NOTES}`).action(async (path: string) => {
    const imported = await importTrace({ format, importer, path }, one.opts<Flags>(), io);
    const isJson = one.opts<Flags>().json === true;
    io.stdout(isJson ? `${JSON.stringify(importJson(imported), null, 2)}\n` : importText(imported));
  });
}

interface ImportLine {
  readonly format: string;
  readonly importer: Importer;
  readonly path: string;
}

async function importTrace(line: ImportLine, flags: Flags, io: CommandIo): Promise<Imported> {
  const { format, importer, path } = line;
  const tlbEntries = numberWithin(flags.tlb, '--tlb', 0, TLB_ENTRIES_MAX);
  const parts = numberWithin(flags.phases, '--phases', 1, PARTS_MAX);
  const seed = numberWithin(flags.seed, '--seed', 0, 0xffffffff);
  const { content } = flags;
  if (parseContentModel(content) === null)
    throw new UsageError(`--content: '${content}' is none; accepted: ${CONTENT_MODELS}`);
  const output = flags.output ?? defaultOutput(path);
  // Its header is written last.
  if (output === '-') throw new UsageError('import: --output: - is no file; accepted: a file');
  requireOtherFile(output, path, 'import: --output');
  const progress = createProgress({ label: 'importing', unit: 'MiB' }, io);
  const input = openInput(path, (readBytes) => {
    const total = input.totalBytes;
    progress.update({
      done: Math.floor(readBytes / MIB),
      total: total === null ? null : Math.ceil(total / MIB),
    });
  });
  const file = beginFile(output, 'import: --output');
  // Who is interrupted leaves no part of a file behind.
  const stop = (): void => {
    file.discard();
    process.exit(130);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    const writer = new AccessTraceWriter({
      ...{ source: input.source, tlbEntries, content, parts, output: file },
    });
    const options = flags as unknown as Readonly<Record<string, string | boolean | undefined>>;
    await importer.read({ input: input.bytes, source: input.source, options, seed }, writer);
    const summary: AccessTraceSummary = writer.finish();
    file.keep();
    return { ...summary, format, source: input.source, file: output, tlbEntries, content };
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    progress.stop();
    file.discard();
  }
}

/** `node.lackey.gz` becomes `node.accesses`, in the working folder. */
function defaultOutput(path: string): string {
  const name = path === '-' ? 'trace' : basename(path).replace(/\.(gz|zst)$/i, '');
  return `${name.replace(/(?<=.)\.[^.]*$/, '')}.accesses`;
}
