/** `swaplab estimate`: what zswap would hold of this machine's memory, or of a file of pages. */
import { PAGE_KIND, estimateFrom, type Estimate } from '../src/estimate/index.ts';
import { estimateText, type ProcessRow } from '../src/report/text/estimate-text.ts';
import { PAGE_SIZE, RunError, UsageError } from '../src/units/index.ts';
import type { CliCommand, CommandIo } from './command.ts';
import { describeCommand } from './description.ts';
import { estimateJson } from './estimate/json.ts';
import { emptyReasons, fileNotes, surveyNotes, type MachineMemory } from './estimate/notes.ts';
import { estimateCommand, readEstimateLine, type EstimateLine } from './estimate/options.ts';
import { measureFile } from './estimate/page-file.ts';
import { listProcesses, readMeminfo, requireProc, type Missing } from './estimate/processes.ts';
import { survey, type Survey } from './estimate/survey.ts';
import { characterSet } from './runs/terminal.ts';
import { detail } from './telling.ts';

export const command: CliCommand = {
  name: 'estimate',
  summary: "what zswap would hold of this machine's memory, or of a file of pages",
  describe: () => describeCommand(estimateCommand()),
  async run(argv, io) {
    const line = readEstimateLine(argv, io);
    if (line === null) return 0;
    if (line.source.kind === 'file') await estimateFile(line, line.source.path, io);
    else await estimateProcesses(line, io);
    return 0;
  },
};

async function estimateFile(line: EstimateLine, path: string, io: CommandIo): Promise<void> {
  const { percents } = line;
  const ramBytes = line.ramBytes ?? machineMemory().ramBytes;
  const { measures, pages, trailingBytes } = await measureFile(path, line, io);
  const estimate = estimateFrom(measures, { pages, percents, ramBytes });
  const notes = fileNotes(trailingBytes);
  if (line.json) {
    const source = { kind: 'file', path, trailingBytes };
    print(estimateJson({ source, estimate, seed: line.seed, notes }), io);
    return;
  }
  io.stdout(
    estimateText({
      ...{ estimate, notes, subject: 'pages', place: `in ${path === '-' ? 'the input' : path}` },
      ...{ processes: [], moreProcesses: 0, characters: characterSet(io.env) },
    }),
  );
}

async function estimateProcesses(line: EstimateLine, io: CommandIo): Promise<void> {
  const { source, percents } = line;
  const isAll = source.kind === 'all';
  requireProc();
  const pids = source.kind === 'pids' ? source.pids : listProcesses();
  const memory = machineMemory();
  const found = await survey(pids, line, io, (pid, why) => {
    if (!isAll) refuse(pid, why);
    if (why !== 'none') detail(io, `process ${pid} is left out: ${REASONS[why]}`);
  });
  const audience = { isAll, isRoot: process.getuid?.() === 0 };
  if (found.measures.count === 0)
    throw new RunError(
      'no anonymous memory was found that may be swapped and read' + emptyReasons(found, audience),
    );
  const ramBytes = line.ramBytes ?? memory.ramBytes;
  const estimate = estimateFrom(found.measures, { pages: found.pages, percents, ramBytes });
  const notes = surveyNotes(found, memory, audience);
  if (line.json) print(processesJson(line, { found, memory, estimate, notes }), io);
  else {
    const rows = processRows(found);
    const places = `${rows.length} ${rows.length === 1 ? 'process' : 'processes'}`;
    const processes = rows.slice(0, line.top);
    io.stdout(
      estimateText({
        ...{ estimate, notes, subject: 'anonymous memory', place: `in ${places}`, processes },
        moreProcesses: rows.length - processes.length,
        characters: characterSet(io.env),
      }),
    );
  }
}

const REASONS: Readonly<Record<Missing, string>> = {
  gone: 'it has ended',
  denied: 'permission denied',
  none: 'it has no memory of its own',
};

/** What was asked for by number and cannot be had. */
function refuse(pid: number, why: Missing): never {
  switch (why) {
    case 'gone':
      throw new UsageError(`--pid: ${pid}: there is no such process`);
    case 'none':
      throw new UsageError(
        `--pid: ${pid} has no memory of its own: it is a kernel thread, or has ended; ` +
          'accepted: a process that lives',
      );
    case 'denied':
      throw new RunError(
        `--pid: ${pid}: permission denied; accepted: a process of the same user that can be ` +
          'traced (prctl PR_SET_DUMPABLE, Yama’s ptrace_scope), or any as root (CAP_SYS_PTRACE)',
      );
  }
}

function machineMemory(): MachineMemory {
  const meminfo = readMeminfo();
  const of = (name: string): number => meminfo.get(name) ?? 0;
  return {
    ramBytes: of('MemTotal'),
    swapUsedBytes: of('SwapTotal') - of('SwapFree'),
    zswapPoolBytes: of('Zswap'),
    zswapHeldBytes: of('Zswapped'),
    sharedBytes: of('Shmem'),
  };
}

/** The processes by size. */
function processRows({ processes, measures }: Survey): ProcessRow[] {
  const lengths = measures.lengths(0);
  const rows = processes.map(({ process: { pid, name, mappings }, from, to }): ProcessRow => {
    const own = lengths.subarray(from, to).filter((length) => length > 0);
    const bytes = own.reduce((sum, length) => sum + length, 0);
    const bytesOf = (key: 'anonymousPages' | 'swapPages'): number =>
      mappings.reduce((total, mapping) => total + mapping[key], 0) * PAGE_SIZE;
    return {
      ...{ pid, name },
      ...{ anonymousBytes: bytesOf('anonymousPages'), swapBytes: bytesOf('swapPages') },
      sampledPages: to - from,
      zeroPages: countKind(measures.kinds.subarray(from, to), PAGE_KIND.zero),
      ratio: bytes === 0 ? null : (own.length * PAGE_SIZE) / bytes,
    };
  });
  return rows.sort((a, b) => b.anonymousBytes - a.anonymousBytes || a.pid - b.pid);
}

function countKind(kinds: Uint8Array, wanted: number): number {
  return kinds.reduce((sum, kind) => (kind === wanted ? sum + 1 : sum), 0);
}

interface Findings {
  readonly found: Survey;
  readonly memory: MachineMemory;
  readonly estimate: Estimate;
  readonly notes: readonly string[];
}

function processesJson(line: EstimateLine, { found, memory, estimate, notes }: Findings): unknown {
  const { measures, processes, missing, pages: _counted, ...left } = found;
  const source = {
    ...{ kind: line.source.kind, processCount: processes.length },
    ...{ deniedCount: missing.denied, endedCount: missing.gone, withoutMemoryCount: missing.none },
    ...left,
  };
  return estimateJson({
    ...{ source, machine: memory, estimate, seed: line.seed, notes },
    compressor: measures.compressors[0]?.name,
    processes: processRows(found),
  });
}

function print(document: unknown, io: CommandIo): void {
  io.stdout(`${JSON.stringify(document, null, 2)}\n`);
}
