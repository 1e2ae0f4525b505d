/**
 * When a replay agrees with a kernel: the rule of fixtures/kernel/README.md, cell by cell.
 */
import type { Capture } from './capture.ts';

/** Counters of /proc/vmstat that can gate. */
const VMSTAT = [
  'pswpin',
  'pswpout',
  'zswpin',
  'zswpout',
  'zswpwb',
  'swpout_zero',
  'pgmajfault',
  'swap_ra',
  'swap_ra_hit',
  'pgsteal_anon',
  'pgscan_anon',
];
const ZSWAP = ['stored_pages', 'pool_total_size'];

/** What a replay counted in one phase, under the captures' names. */
export interface ReplayedPhase {
  readonly counters: Readonly<Record<string, number>>;
  readonly swapped: number;
  readonly zswap: Readonly<Record<string, number>> | null;
  readonly zram: { readonly compressedBytes: number; readonly usedBytes: number } | null;
}

export interface Cell {
  readonly name: string;
  /** The kernel's runs, ascending. */
  readonly kernel: readonly number[];
  readonly swaplab: number;
  /** The runs agree among themselves: the cell counts. */
  readonly gating: boolean;
  /** 0 would be wrong: the cell is in the score. */
  readonly matters: boolean;
  readonly ok: boolean;
}

export interface PhaseAgreement {
  readonly op: string;
  readonly cells: readonly Cell[];
}

/** Compares a replay with all runs of a capture. */
export function compareWithCapture(
  capture: Capture,
  replay: readonly ReplayedPhase[],
): PhaseAgreement[] {
  return replay.map((phase, index) => {
    const runs = capture.runs.map((run) => run.phases[index]!);
    const cells: Cell[] = [];
    // What a run has no value of, for its kernel does not count it, is no cell.
    const add = (name: string, kernel: readonly (number | undefined)[], ours: number): void => {
      if (kernel.every((value) => value !== undefined)) cells.push(compareCell(name, kernel, ours));
    };
    for (const name of VMSTAT)
      add(
        name,
        runs.map((run) => run.counters[name]),
        phase.counters[name] ?? 0,
      );
    add(
      'swapped',
      runs.map((run) => run.swapped),
      phase.swapped,
    );
    if (capture.zswap !== null)
      for (const name of ZSWAP)
        add(
          name,
          runs.map((run) => run.zswap?.[name]),
          phase.zswap?.[name] ?? 0,
        );
    if (phase.zram !== null) {
      const stats = runs.map((run) => (run.zram_mm_stat ?? '').trim().split(/\s+/).map(Number));
      add(
        'zram compressed bytes',
        stats.map((stat) => stat[1]),
        phase.zram.compressedBytes,
      );
      add(
        'zram used bytes',
        stats.map((stat) => stat[2]),
        phase.zram.usedBytes,
      );
    }
    return { op: runs[0]!.op, cells };
  });
}

function compareCell(name: string, values: readonly number[], ours: number): Cell {
  const kernel = [...values].sort((a, b) => a - b);
  const middle = median(kernel);
  const lowest = kernel[0]!;
  const highest = kernel.at(-1)!;
  const spread = Math.max(200, middle * 0.05);
  const gating = middle - lowest <= spread && highest - middle <= spread;
  const t = tolerance(name, middle);
  const ok = ours >= lowest - t && ours <= highest + t;
  return { name, kernel, swaplab: ours, gating, matters: gating && lowest > t, ok };
}

/** Of an even number of values the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return (sorted[Math.floor(half)]! + sorted[Math.ceil(half)]!) / 2;
}

/** @source fixtures/kernel/README.md, "When a replay agrees" */
function tolerance(name: string, middle: number): number {
  if (name === 'swpout_zero') return 1000;
  if (name === 'pgscan_anon') return Math.max(100, middle * 0.1);
  return Math.max(100, middle * 0.02);
}

export interface Score {
  /** Gating cells where 0 would be wrong, and how many of them agree. */
  readonly mattering: number;
  readonly matteringOk: number;
  readonly gating: number;
  readonly gatingOk: number;
}

export function scoreOf(phases: readonly PhaseAgreement[]): Score {
  const cells = phases.flatMap((phase) => phase.cells);
  const gating = cells.filter((cell) => cell.gating);
  const mattering = cells.filter((cell) => cell.matters);
  return {
    mattering: mattering.length,
    matteringOk: mattering.filter((cell) => cell.ok).length,
    gating: gating.length,
    gatingOk: gating.filter((cell) => cell.ok).length,
  };
}
