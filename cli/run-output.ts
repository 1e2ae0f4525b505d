/** What a finished run shows: its JSON document, and tables for people. */
import { formatDrive } from '../src/device/index.ts';
import {
  diskWrites,
  drivesOf,
  type DriveWear,
  type PhaseResult,
  type RunResult,
} from '../src/machine/index.ts';
import { humanSize } from '../src/area/index.ts';
import type { FaultTally } from '../src/device/index.ts';
import { PAGE_SIZE } from '../src/units/index.ts';
import { pageLifeText } from './page-life.ts';
import type { FinishedRun } from './runner.ts';
import { grouped } from '../src/report/text/figures.ts';
import { alignRows, alignTable, type Cell } from '../src/report/text/table.ts';

/** The document of `run --json`. */
export function runJson(run: FinishedRun): unknown {
  const { result, spec, runId } = run;
  return {
    run: runId,
    design: (spec as { design: string }).design,
    spec,
    phases: result.phases.map(({ index: _index, series: _series, zswap, ...phase }) => ({
      ...phase,
      ...(zswap === null ? {} : { zswap }),
    })),
    slotRuns: result.slotRuns,
    slots: result.slots.map(({ page, type, slot, length }) => [page, type, slot, length]),
    verify: result.verify,
    metadata: result.metadata,
    areas: result.areas,
    usage: result.usage,
    gauges: result.gauges,
    zswap: result.zswap,
    killedTasks: result.killedTasks,
    sigbusTasks: result.sigbusTasks,
    faults: result.faults,
    wrongPages: result.wrongPages,
    cgroups: result.cgroups,
    report: result.report,
    digest: result.digest,
    ...(run.pageLife === undefined ? {} : { pageLife: run.pageLife }),
  };
}

/** The tables that people read. */
export function runText(run: FinishedRun): string {
  const { result } = run;
  const lines = [
    alignTable([], summaryRows(result)),
    '\n',
    alignRows(phaseRows(result.phases)),
    '\n',
    alignRows(result.areas.map(areaRow)),
  ];
  if (result.cgroups.length > 1) lines.push('\n', alignRows(result.cgroups.map(cgroupRow)));
  const swapoffs = result.phases.flatMap(({ op, swapoff }) => swapoffRow(op, swapoff));
  if (swapoffs.length > 0) lines.push('\n', alignRows(swapoffs));
  const settings = result.phases.flatMap(zramSettingRow);
  if (settings.length > 0) lines.push('\n', alignRows(settings));
  if (result.faults.length > 0) lines.push('\n', alignRows(result.faults.map(faultRow)));
  if (result.wrongPages > 0)
    lines.push(`\n${grouped(result.wrongPages)} wrong page(s) were given to tasks as good.\n`);
  if (result.report.length > 0) lines.push('\n', ...result.report.map((line) => `${line}\n`));
  if (result.killedTasks > 0)
    lines.push(
      `\n${result.killedTasks} task(s) were killed (out of memory or a failed read; SIGBUS: ` +
        `${result.sigbusTasks}): what they had is gone and was not compared after the workload.\n`,
    );
  if (run.pageLife !== undefined) lines.push('\n', pageLifeText(run.pageLife));
  return lines.join('');
}

/** Sum of one counter over all phases. */
export function total(result: RunResult, name: string): number {
  return result.phases.reduce((sum, phase) => sum + (phase.counters[name] ?? 0), 0);
}

/** Pages of one word over and over that is not zero, where there are any. */
function otherFilled(pages: number): string {
  return pages === 0 ? '' : `, ${grouped(pages)} of another word`;
}

function summaryRows(result: RunResult): Cell[][] {
  const sum = (name: string): number => total(result, name);
  const fromDisk = sum('pswpin');
  // One word over and over: zeros, and with sameFilled any the others.
  const filledOut = sum('swpout_zero') + sum('swpout_filled');
  const filledIn = sum('swpin_zero') + sum('swpin_filled');
  const out = sum('zswpout') + filledOut + sum('pswpout') - sum('zswpwb');
  const stored = result.zswap['stored_pages'] ?? 0;
  const bytes = result.zswap['stored_bytes'] ?? 0;
  const pool = result.zswap['pool_total_size'] ?? 0;
  const onDisk = result.areas.map(diskWrites);
  const written = onDisk.reduce((pages, area) => pages + area.pages, 0);
  const writes = onDisk.reduce((count, area) => count + area.writes, 0);
  const bytesOut = onDisk.reduce((bytes, area) => bytes + area.bytes, 0);
  const where = kindOfAreas(result);
  const moved = out + fromDisk + sum('zswpin') + filledIn;
  const rate = (moved * PAGE_SIZE * 1e9) / Math.max(1, result.virtualNs);
  const rows: Cell[][] = [
    [
      'pages out',
      `${grouped(out)}: ${grouped(sum('zswpout'))} to zswap, ` +
        `${grouped(sum('pswpout') - sum('zswpwb'))} straight to ${where}, ` +
        `${grouped(sum('swpout_zero'))} zero${otherFilled(sum('swpout_filled'))}`,
    ],
    [
      'pages in',
      `${grouped(fromDisk + sum('zswpin') + filledIn)}: ` +
        `${grouped(sum('zswpin'))} from zswap, ${grouped(fromDisk)} from ${where}, ` +
        `${grouped(sum('swpin_zero'))} zero${otherFilled(sum('swpin_filled'))}`,
    ],
    ['major faults', grouped(sum('pgmajfault'))],
  ];
  if (sum('zswpout') > 0)
    rows.push(
      [
        'zswap',
        `${grouped(stored)} pages held in ${humanSize(pool, 'long')} ` +
          `(at most ${humanSize(result.zswap['pool_total_size_max'] ?? 0, 'long')})`,
      ],
      [
        'compression',
        bytes === 0
          ? '-'
          : `${((stored * PAGE_SIZE) / bytes).toFixed(2)} : 1 by the compressor, ` +
            `${((stored * PAGE_SIZE) / pool).toFixed(2)} : 1 in the pool`,
      ],
      [
        'written back',
        `${grouped(sum('zswpwb'))} pages in ${grouped(sum('zswap.writebackBatches'))} batches`,
      ],
    );
  rows.push(...ageRows(result), ...result.areas.flatMap(zramRows));
  rows.push(
    [
      'written to disk',
      `${humanSize(bytesOut, 'long')} in ${grouped(writes)} I/Os` +
        (writes === 0 ? '' : ` of ${(written / writes).toFixed(1)} pages`),
    ],
    ...drivesOf(result).flatMap(wearRows),
    ['swap usage', usageText(result.usage)],
    [
      'virtual time',
      `${seconds(result.virtualNs / 1e9)}, ${humanSize(Math.round(rate), 'long')}/s swapped`,
    ],
    ['wall time', seconds(result.wallMs / 1e3)],
    [
      'verified',
      `${grouped(result.verify.pagesChecked)} pages compared byte for byte, ` +
        `${grouped(result.verify.mismatches)} mismatches`,
    ],
  );
  return rows;
}

/** Whether zswap kept the right pages; only where something went to a device from it or past it. */
function ageRows({ zswap }: RunResult): Cell[][] {
  const { age_gone_mean: gone, age_kept_mean: kept } = zswap;
  if (gone === undefined || kept === undefined) return [];
  const refused = grouped(zswap['gone_refused'] ?? 0);
  const writtenBack = grouped(zswap['gone_written_back'] ?? 0);
  return [
    [
      'kept / gone',
      `mean age ${kept.toFixed(1)} of what stayed in zswap, ${gone.toFixed(1)} of what went to a ` +
        `device (${refused} refused, ${writtenBack} written back); ` +
        'an age is how many pages were offered since',
    ],
  ];
}

/** Where pages go that zswap does not take. */
function kindOfAreas({ areas }: RunResult): string {
  const zrams = areas.filter(({ zram }) => zram !== undefined).length;
  if (zrams === 0) return 'disk';
  return zrams === areas.length ? 'zram' : 'zram or disk';
}

/** What a zram holds at the end of the workload. */
function zramRows({ path, zram }: RunResult['areas'][number]): Cell[][] {
  if (zram === undefined) return [];
  const of = (name: string): number => zram[name] ?? 0;
  const size = (name: string): string => humanSize(of(name), 'long');
  const limit = of('mem_limit') === 0 ? '' : ` of ${size('mem_limit')}`;
  const inMemory = of('orig_data_size') - of('bd_count') * PAGE_SIZE;
  const used = of('mem_used_total');
  const ratio = used === 0 ? '' : `, ${(inMemory / used).toFixed(2)} : 1`;
  const rows: Cell[][] = [
    [
      path,
      `${grouped(inMemory / PAGE_SIZE)} pages in ${size('mem_used_total')}${limit} ` +
        `(at most ${size('mem_used_max')})${ratio}; ${grouped(of('same_pages'))} of one word, ` +
        `${grouped(of('huge_pages'))} huge; ${grouped(of('failed_writes'))} refused`,
    ],
  ];
  if (of('bd_writes') > 0)
    rows.push([
      `${path} backing`,
      `${grouped(of('bd_count'))} pages there, ${grouped(of('bd_writes'))} written in ` +
        `${grouped(of('backing_writes'))} I/Os, ${grouped(of('bd_reads'))} read`,
    ]);
  return rows;
}

/** What a drive has taken, and how long it lasts at that. */
function wearRows(wear: DriveWear): Cell[][] {
  const { drive, life, hostBytes, nandBytes, writeAmplification, erases, blocks } = wear;
  const size = (bytes: number): string => humanSize(bytes, 'long');
  const { duty, runsPerDay } = drive;
  const busy = duty === 1 ? 'without pause' : `for ${figure(duty * 100)} % of the time`;
  const when = runsPerDay > 0 ? `${figure(runsPerDay)} such runs` : `swapping like this ${busy}`;
  return [
    [
      'wear of flash',
      `${size(hostBytes)} from the host, ${size(nandBytes)} into flash, write amplification ` +
        `${writeAmplification.toFixed(2)}; ${grouped(erases)} erases of ${grouped(blocks)} blocks, ` +
        `${grouped(wear.erasesMin)} to ${grouped(wear.erasesMax)} each`,
    ],
    [
      `life of ${formatDrive({ ...drive, duty: 1, runsPerDay: 0 })}`,
      `${figure(life.hostBytesPerDay / 1e12)} TB a day (${when}), ` +
        `${figure(life.driveWritesPerDay)} drive writes a day: ${figure(life.yearsByRating)} years by ` +
        `its ${figure(life.ratedBytes / 1e12)} TBW, ${figure(life.yearsByErases)} by erase cycles; ` +
        `the run took ${figure(life.percentOfRated)} % of the TBW`,
    ],
  ];
}

/** Three digits, and no powers of ten. */
function figure(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

/** At the end of the workload, by both ways of counting: entries, and slots with a device behind. */
function usageText(usage: RunResult['usage']): string {
  return (
    `${grouped(usage.entries)} entries: ${grouped(usage.zswapEntries)} in zswap, ` +
    `${grouped(usage.zeroEntries)} zero; ${grouped(usage.slots)} slots on devices, ` +
    `${grouped(usage.slotsOfZswap)} of them for pages in zswap`
  );
}

function phaseRows(phases: readonly PhaseResult[]): Record<string, Cell>[] {
  const shown = ['pgmajfault', 'pswpout', 'pswpin', 'zswpout', 'zswpin', 'zswpwb'].filter((name) =>
    phases.some((phase) => phase.counters[name] !== undefined),
  );
  return phases.map((phase) => ({
    OPERATION: phase.op,
    PRESENT: phase.present,
    SWAPPED: phase.swapped,
    ...Object.fromEntries(shown.map((name) => [name.toUpperCase(), phase.counters[name] ?? 0])),
    VIRTUAL: seconds(phase.virtualNs / 1e9),
  }));
}

function swapoffRow(op: string, swapoff: PhaseResult['swapoff']): Record<string, Cell>[] {
  if (swapoff === undefined) return [];
  return [
    {
      SWAPOFF: op.replace(/^swapoff /, ''),
      OUTCOME: swapoff.outcome,
      'PAGES READ': swapoff.pagesRead,
      'PTES VISITED': swapoff.ptesVisited,
      'TABLE WORDS': swapoff.tableWordsVisited,
      'MINOR FAULTS LEFT': swapoff.minorFaultsLeft,
      'LOCK HOLDS': swapoff.lockHolds,
    },
  ];
}

function zramSettingRow({ op, zramSetting }: PhaseResult): Record<string, Cell>[] {
  if (zramSetting === undefined) return [];
  return [
    {
      ZRAM: op.replace(/^zram /, ''),
      OUTCOME: zramSetting.outcome,
      'POOL PAGES FREED': zramSetting.poolPagesFreed,
      'PAGES WRITTEN': zramSetting.pagesWritten,
      WRITES: zramSetting.writes,
    },
  ];
}

function areaRow(area: RunResult['areas'][number]): Record<string, Cell> {
  return {
    AREA: area.path,
    TYPE: area.kind,
    PRIO: area.priority,
    SIZE: humanSize(area.pages * PAGE_SIZE, 'long'),
    USED: area.usedPages,
    'IN ZSWAP': area.heldInZswap,
    REFUSED: area.refused,
    'WRITTEN BACK': area.writtenBack,
    WRITTEN: area.pagesWritten,
    READ: area.pagesRead,
  };
}

function faultRow(fault: FaultTally): Record<string, Cell> {
  return {
    FAULT: fault.kind,
    FIRED: fault.fired,
    DETECTED: fault.detected,
    UNREAD: fault.unread,
    LOST: fault.lost,
    HARMLESS: fault.harmless,
  };
}

function cgroupRow(cgroup: RunResult['cgroups'][number]): Record<string, Cell> {
  return {
    CGROUP: cgroup.name,
    LIMIT: humanSize(cgroup.limitPages * PAGE_SIZE, 'long'),
    'MEMORY AT MOST': humanSize(cgroup.memoryMaxPages * PAGE_SIZE, 'long'),
    'ENTRIES CHARGED': cgroup.chargedPages,
    ...(cgroup.zswapCurrentBytes === null
      ? {}
      : { 'ZSWAP.CURRENT': humanSize(cgroup.zswapCurrentBytes, 'long') }),
    KILLED: cgroup.killedTasks,
  };
}

function seconds(value: number): string {
  return `${value.toFixed(3)} s`;
}
