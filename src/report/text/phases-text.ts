/** The phases of a run with the counters that people look for. */
import type { StoredRun } from '../../runs/index.ts';
import { secondsText } from './figures.ts';
import { alignRows } from './table.ts';

/** Counters with a column of their own, where any phase counted them. */
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

/** A line per phase; below, the sums of all other counters. */
export function phasesText({ phases }: StoredRun): string {
  const shown = SHOWN_COUNTERS.filter((name) =>
    phases.some(({ counters }) => (counters[name] ?? 0) > 0),
  );
  const rows = phases.map((phase) => ({
    ...{ PHASE: phase.index, OP: phase.op, PRESENT: phase.present, SWAPPED: phase.swapped },
    ...Object.fromEntries(shown.map((name) => [name, phase.counters[name] ?? 0])),
    VIRTUAL: secondsText(phase.virtualNs, 1e9),
    WALL: secondsText(phase.wallMs, 1e3),
  }));
  return alignRows(rows);
}
