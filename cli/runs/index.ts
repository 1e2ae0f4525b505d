/**
 * `swaplab runs`: what the run database holds, as tables for people or one JSON document.
 *
 * It changes nothing but what every opening does: migrations, and marking the runs of processes
 * that are gone.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { percentileOf, type HistogramBucket } from '../../src/engine/index.ts';
import {
  CONSEQUENCES,
  flattenParameters,
  inspectDatabaseFile,
  openStateDatabase,
  RUN_STATUSES,
  type RunStatus,
  type RunStore,
  type RunSummary,
  type SqlValue,
  type StateDatabase,
  type StoredRun,
} from '../../src/runs/index.ts';
import { RunError, UsageError } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';
import { followRun } from './follow-run.ts';
import { alignRows, alignTable, type Cell } from '../../src/report/text/table.ts';

const PERCENTILES = [50, 90, 99, 99.9] as const;

/** Counters with a column of their own in `runs show`, where any phase counted them. */
const SHOWN_COUNTERS = [
  'pgmajfault',
  'pswpout',
  'pswpin',
  'swpout_zero',
  'zswpout',
  'zswpin',
  'zswpwb',
  'zswap.refused',
  'swap_ra',
  'swap_ra_hit',
  'workingset_refault_anon',
  'swap_alloc_fail',
  'read_error',
  'write_error',
  'oom_kill',
] as const;

const HOW_TO_MAKE_ONE = 'make one with: swaplab run --trace FILE --memory 32M --swap 512M';

export const command = {
  name: 'runs',
  summary: 'list, show and query the stored runs',
  run(argv: readonly string[], io: CommandIo): Promise<number> {
    return exitCodeOf(argv, io);
  },
};

async function exitCodeOf(argv: readonly string[], io: CommandIo): Promise<number> {
  try {
    let exitCode = 0;
    const runs = program(io, (code) => {
      exitCode = code;
    });
    await runs.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has printed its message; help and version end with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof UsageError || error instanceof RunError)) throw error;
    io.stderr(`swaplab runs: ${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

function program(io: CommandIo, endsWith: (exitCode: number) => void): Command {
  const runs = new Command('swaplab runs')
    .description(command.summary)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        io.stdout(text);
      },
      writeErr: (text) => {
        io.stderr(text);
      },
    });
  runs
    .command('ls')
    .description('the newest runs, one a line')
    .option('-n, --limit <count>', 'at most so many; 0 for all', parseCount, 20)
    .addOption(new Option('--status <status>', 'only these').choices(RUN_STATUSES))
    .option('--design <design>', 'only this design')
    .option('--json', 'one JSON document')
    .action((options: ListOptions) => {
      list(io, options);
    });
  runs
    .command('show')
    .description('everything that is stored of one run')
    .argument('<run>', 'its number, or last', parseRunId)
    .addOption(new Option('--json', 'one JSON document').conflicts('follow'))
    .option('--follow', 'what it does while it lives, a line each interval; ends as the run does')
    .action(async (run: number | 'last', options: { json?: true; follow?: true }) => {
      if (options.follow === true) endsWith(await follow(io, run));
      else show(io, run, options.json === true);
    });
  runs
    .command('sql')
    .description('one SQL statement that reads; the tables are described in src/runs/README.md')
    .argument('<statement>', 'such as "SELECT * FROM v_run"')
    .option('--json', 'one JSON document: an array of rows')
    .action((statement: string, options: { json?: true }) => {
      sql(io, statement, options.json === true);
    });
  return runs;
}

interface ListOptions {
  readonly limit: number;
  readonly status?: RunStatus;
  readonly design?: string;
  readonly json?: true;
}

function list(io: CommandIo, { limit, status, design, json }: ListOptions): void {
  const filter = {
    ...(limit > 0 && { limit }),
    ...(status !== undefined && { status }),
    ...(design !== undefined && { design }),
  };
  const isThere = inspectDatabaseFile(io.databasePath) === 'ours';
  const found = isThere ? withRuns(io, (runs) => runs.list(filter)) : [];
  if (json === true) printJson(io, found.map(summaryDocument));
  else if (found.length > 0) io.stdout(alignRows(found.map(summaryRow)));
  else {
    const isFiltered = status !== undefined || design !== undefined;
    io.stdout(`no runs${isFiltered ? ' match' : ''} in ${io.databasePath}\n${HOW_TO_MAKE_ONE}\n`);
  }
}

function show(io: CommandIo, wanted: number | 'last', asJson: boolean): void {
  const run = withRuns(io, (runs) => findRun(io, runs, wanted));
  if (asJson) printJson(io, runDocument(run));
  else io.stdout(showText(run));
}

async function follow(io: CommandIo, wanted: number | 'last'): Promise<number> {
  const database = openRuns(io);
  try {
    const { runId } = findRun(io, database.runs, wanted);
    return await followRun(database.runs, runId, (text) => {
      io.stdout(text);
    });
  } finally {
    database.close();
  }
}

function sql(io: CommandIo, statement: string, asJson: boolean): void {
  const result = withRuns(io, (runs) => runs.query(statement));
  const { columns } = result;
  const rows = result.rows.map((row) => row.map(plainValue));
  if (asJson)
    printJson(
      io,
      rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]]))),
    );
  else
    io.stdout(
      alignTable(
        columns,
        rows.map((row) => row.map((value) => value ?? 'NULL')),
      ),
    );
}

function withRuns<T>(io: CommandIo, action: (runs: RunStore) => T): T {
  const database = openRuns(io);
  try {
    return action(database.runs);
  } finally {
    database.close();
  }
}

function openRuns(io: CommandIo): StateDatabase {
  const { databasePath } = io;
  if (inspectDatabaseFile(databasePath) !== 'ours')
    throw new RunError(
      `no runs yet: there is no state database ${databasePath}; ${HOW_TO_MAKE_ONE}`,
    );
  return openStateDatabase(databasePath);
}

function findRun(io: CommandIo, runs: RunStore, wanted: number | 'last'): StoredRun {
  const runId = wanted === 'last' ? runs.list({ limit: 1 })[0]?.runId : wanted;
  const run = runId === undefined ? undefined : runs.get(runId);
  if (run !== undefined) return run;
  const nearest = runId === undefined ? [] : runs.nearestIds(runId, 3);
  const there =
    nearest.length === 0
      ? `there are no runs; ${HOW_TO_MAKE_ONE}`
      : `the nearest are ${nearest.join(', ')}; all: swaplab runs ls -n 0`;
  throw new RunError(`no run ${wanted} in ${io.databasePath}: ${there}`);
}

/** The document of `runs show --json`: the keys of `run --json`, and what else is stored. */
export function runDocument(run: StoredRun): Record<string, unknown> {
  const { spec, phases, metadata, areas, faults, faultCounts, events, steering } = run;
  const histograms = run.histograms.map((histogram) => ({
    ...histogram,
    count: countOf(histogram.buckets),
    percentiles: Object.fromEntries(
      PERCENTILES.map((percent) => [`p${percent}`, percentileOf(histogram.buckets, percent)]),
    ),
  }));
  return {
    ...summaryDocument(run),
    ...{ spec, phases, metadata, histograms, areas, faults, faultCounts, events, steering },
  };
}

function summaryDocument(run: RunSummary): Record<string, unknown> {
  const { design, status, exitReason, name, seed, specHash, version, command, digest } = run;
  const { verify, slotRuns, phaseCount, virtualNs, wallMs, startedMs, finishedMs } = run;
  return {
    ...{ run: run.runId, design, status, exitReason, name, seed, specHash, version, command },
    ...{ digest, verify, slotRuns, phaseCount, virtualNs, wallMs, startedMs, finishedMs },
  };
}

function summaryRow(run: RunSummary): Record<string, Cell> {
  return {
    RUN: run.runId,
    STATUS: run.status,
    DESIGN: run.design,
    SEED: run.seed,
    PHASES: run.phaseCount,
    VIRTUAL: seconds(run.virtualNs, 1e9),
    WALL: seconds(run.wallMs, 1e3),
    STARTED: utc(run.startedMs),
    SPEC: run.specHash.slice(0, 12),
    NAME: run.name ?? '',
  };
}

function showText(run: StoredRun): string {
  const { verify } = run;
  const facts = alignTable(
    [],
    [
      ['run', `${run.runId}${run.name === null ? '' : ` (${run.name})`}`],
      ['status', run.exitReason === null ? run.status : `${run.status}: ${run.exitReason}`],
      ['design', run.design],
      ['seed', String(run.seed)],
      ['version', run.version],
      ['command', run.command],
      ['started', utc(run.startedMs)],
      ['wall time', seconds(run.wallMs, 1e3)],
      ['virtual time', seconds(run.virtualNs, 1e9)],
      ['verified', verify && `${verify.pagesChecked} pages, ${verify.mismatches} mismatches`],
      ['slot runs', run.slotRuns === null ? null : String(run.slotRuns)],
      ['digest', run.digest],
      ['spec hash', run.specHash],
    ].map(([key, value]) => [key ?? '', value ?? '-']),
  );
  const parameters = flattenParameters(run.spec).map(({ key, value }) => [key, String(value)]);
  return [
    facts,
    section('Spec', alignTable([], parameters)),
    section('Phases', alignRows(phaseRows(run))),
    section('Areas', alignRows(run.areas.map(areaRow))),
    section('Histograms', alignRows(run.histograms.map(histogramRow))),
    section('Metadata', alignRows(metadataRows(run))),
    section('Faults by kind', alignRows(faultCountRows(run.faultCounts))),
    section('Faults', alignRows(run.faults.map(faultRow))),
    section('Steering', alignRows(run.steering.map(steeringRow))),
    section('Events', alignRows(run.events.map(timedRow))),
  ].join('');
}

function phaseRows({ phases }: StoredRun): Record<string, Cell>[] {
  const shown = SHOWN_COUNTERS.filter((name) =>
    phases.some(({ counters }) => (counters[name] ?? 0) > 0),
  );
  return phases.map((phase) => ({
    PHASE: phase.index,
    OP: phase.op,
    PRESENT: phase.present,
    SWAPPED: phase.swapped,
    ...Object.fromEntries(shown.map((name) => [name, phase.counters[name] ?? 0])),
    VIRTUAL: seconds(phase.virtualNs, 1e9),
    WALL: seconds(phase.wallMs, 1e3),
  }));
}

function areaRow({
  type,
  path,
  kind,
  pages,
  usedPages,
  priority,
  counters,
}: StoredRun['areas'][0]) {
  const fixed = { TYPE: type, PATH: path, KIND: kind, PAGES: pages, USED: usedPages };
  return { ...fixed, PRIO: priority, ...counters };
}

function histogramRow({ name, unit, buckets }: StoredRun['histograms'][0]): Record<string, Cell> {
  return {
    NAME: name,
    UNIT: unit,
    COUNT: countOf(buckets),
    MIN: buckets[0]?.low ?? 0,
    ...Object.fromEntries(PERCENTILES.map((p) => [`P${p}`, percentileOf(buckets, p)])),
    MAX: buckets.at(-1)?.high ?? 0,
  };
}

function metadataRows({ metadata }: StoredRun): Record<string, Cell>[] {
  if (metadata.length === 0) return [];
  const total = metadata.reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    ...metadata.map(({ term, bytes, kind }) => ({ TERM: term, BYTES: bytes, KIND: kind })),
    { TERM: 'total', BYTES: total, KIND: '' },
  ];
}

function timedRow({ timeNs, kind, detail }: StoredRun['events'][0]): Record<string, Cell> {
  return { TIME: seconds(timeNs, 1e9), KIND: kind, DETAIL: detail };
}

function faultRow(fault: StoredRun['faults'][0]): Record<string, Cell> {
  const { id, timeNs, operation, kind, area, slot, pages, consequence, detail } = fault;
  return {
    ...{ FAULT: id, TIME: seconds(timeNs, 1e9), OPERATION: operation, KIND: kind, AREA: area },
    ...{ SLOT: slot, PAGES: pages, CONSEQUENCE: consequence, DETAIL: detail },
  };
}

function faultCountRows(counts: StoredRun['faultCounts']): Record<string, Cell>[] {
  return [...new Set(counts.map(({ kind }) => kind))].map((kind) => {
    const ofKind = counts.filter((row) => row.kind === kind);
    const fired = ofKind.reduce((sum, { count }) => sum + count, 0);
    const became = CONSEQUENCES.map((consequence) => [
      consequence.toUpperCase(),
      ofKind.find((row) => row.consequence === consequence)?.count ?? 0,
    ]);
    return { KIND: kind, FIRED: fired, ...(Object.fromEntries(became) as Record<string, Cell>) };
  });
}

function steeringRow(row: StoredRun['steering'][0]): Record<string, Cell> {
  const { action, area, operation, phase, outcome, detail } = row;
  const at = { OPERATION: operation, PHASE: phase ?? '-' };
  return { ...at, ACTION: action, AREA: area, OUTCOME: outcome, DETAIL: detail };
}

function countOf(buckets: readonly HistogramBucket[]): number {
  return buckets.reduce((sum, { count }) => sum + count, 0);
}

/** A part of `runs show` under its title; nothing when it is empty. */
function section(title: string, body: string): string {
  return body === '' ? '' : `\n${title}\n${body}`;
}

/** Blobs in hexadecimal and whole numbers beyond 2^53 in digits, for text and JSON alike. */
function plainValue(value: SqlValue): Cell | null {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return typeof value === 'bigint' ? String(value) : value;
}

function seconds(time: number | null, perSecond: number): string {
  return time === null ? '-' : `${(time / perSecond).toFixed(3)} s`;
}

function utc(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

function printJson(io: CommandIo, document: unknown): void {
  io.stdout(`${JSON.stringify(document, null, 2)}\n`);
}

function parseCount(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new InvalidArgumentError('Accepted is a whole number from 0.');
  return Number(text);
}

function parseRunId(text: string): number | 'last' {
  if (text === 'last') return text;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Accepted are a run's number, from 1, and last.");
}
