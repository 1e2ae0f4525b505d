/** What a run gives: everything deterministic, and the wall-clock figures apart. */
import type { AreaKind } from '../area/active-areas.ts';
import type { CountedName, HistogramBucket, OperationName } from '../engine/index.ts';
import type { SlotMap } from '../slots/index.ts';
import type { MetadataTerm, SwapoffResult } from '../swap/index.ts';
import type { FaultTally, FlashFigures } from '../device/index.ts';
import type { Outcome } from '../units/index.ts';
import type { ZramSettingResult } from './zram-area.ts';

export interface PhaseResult {
  readonly index: number;
  readonly op: string;
  readonly counters: Readonly<Record<string, number>>;
  readonly present: number;
  readonly swapped: number;
  readonly virtualNs: number;
  readonly wallMs: number;
  readonly zswap: Readonly<Record<string, number>> | null;
  /** Of all areas in compressed memory together, by the kernel's names; absent without any. */
  readonly zram?: Readonly<Record<string, number>>;
  /** Only of a line that writes to a file of a zram. */
  readonly zramSetting?: ZramSettingResult;
  /** Only of a swapoff. */
  readonly swapoff?: SwapoffResult;
  readonly series: readonly {
    readonly name: string;
    readonly timeNs: number;
    readonly value: number;
  }[];
}

/** Swapped pages that follow each other in the mapping and on the area. */
export interface SlotRun {
  readonly task: number;
  readonly page: number;
  readonly type: number;
  readonly slot: number;
  readonly length: number;
}

/** What an area's writes did to flash, and the drive that it is a part of. */
export interface WearFigures extends FlashFigures {
  /** As `--drive` takes it. */
  readonly drive: string;
}

/** What became of a request from outside. */
export interface SteeringOutcome {
  readonly outcome: Outcome;
  /** For people. */
  readonly detail: string;
}

export interface AreaResult {
  readonly type: number;
  readonly path: string;
  readonly kind: AreaKind;
  readonly pages: number;
  readonly usedPages: number;
  /** Of an area with a device behind it, at the end of the workload (`Fragmentation`). */
  readonly freeSlots: number;
  readonly freeRuns: number;
  readonly usedRuns: number;
  readonly priority: number;
  readonly heldInZswap: number;
  readonly refused: number;
  readonly writtenBack: number;
  readonly pagesWritten: number;
  readonly writes: number;
  readonly pagesRead: number;
  readonly reads: number;
  /** Times that writing went on in another erase block (`EraseBlockTally`); of a zram, in its memory. */
  readonly eraseBlocksEntered: number;
  /** Of an area with a location map: what its device has done (`MappedStats`). */
  readonly mapped?: Readonly<Record<string, number>>;
  /**
   * Of an area in compressed memory: mm_stat, io_stat and bd_stat by the kernel's names, and
   * `backing_writes`, the I/Os that bd_writes pages took. What it has written to a disk is in
   * these, `pagesWritten` is what swap gave it.
   */
  readonly zram?: Readonly<Record<string, number>>;
  /** Of an area on flash that was written to; of a zram, what its backing device was. */
  readonly wear?: WearFigures;
}

/** What the digest covers. */
export interface DeterministicResult {
  readonly phases: readonly PhaseResult[];
  readonly slotRuns: number;
  readonly verify: { readonly pagesChecked: number; readonly mismatches: number };
  readonly metadata: readonly MetadataTerm[];
  readonly histograms: readonly {
    readonly name: string;
    readonly buckets: readonly HistogramBucket[];
  }[];
  readonly virtualNs: number;
  /** Absent without rules of faults. */
  readonly faults?: readonly FaultTally[];
}

/** How full swap is at the end of the workload, by both ways of counting. */
export interface SwapUsage {
  /** Entries in use, whatever is behind them: what plain designs count and charge. */
  readonly entries: number;
  /** Slots of areas with a device that are taken: what virtual designs count and charge. */
  readonly slots: number;
  /** Of the entries: pages of zeros, and pages in zswap. */
  readonly zeroEntries: number;
  readonly zswapEntries: number;
  /** Slots of areas with a device that are taken for pages in zswap. */
  readonly slotsOfZswap: number;
  /** memory.swap.current of all cgroups in pages, by the design's own way. */
  readonly chargedPages: number;
}

/** One memory cgroup at the end of a run. */
export interface CgroupResult {
  readonly name: string;
  readonly limitPages: number;
  /** Most pages that were charged to it at any time. */
  readonly memoryMaxPages: number;
  /** memory.swap.current in pages at the end of the workload, by the design's own way. */
  readonly chargedPages: number;
  /** memory.zswap.current at the end of the workload; null under cgroup v1, where nobody counts. */
  readonly zswapCurrentBytes: number | null;
  /** Pages in zswap (zswapped of memory.stat, in pages); null under cgroup v1. */
  readonly zswappedPages: number | null;
  /** Its tasks that the OOM killer or a read error ended, and forks that found no memory. */
  readonly killedTasks: number;
  /** memory.events oom_kill; the comparison of pages after the workload counts as well. */
  readonly oomKills: number;
}

export interface RunResult extends DeterministicResult {
  /**
   * All counts up to the end of the workload, by what the machine was busy with; `free` has the exit
   * of all tasks too, which follows the comparison of their pages.
   */
  readonly operations: Readonly<
    Record<OperationName, Readonly<Partial<Record<CountedName, number>>>>
  >;
  readonly usage: SwapUsage;
  /** Numbers that only this design has. */
  readonly gauges: Readonly<Record<string, number>>;
  /** Most metadata bytes at any sample of the run. */
  readonly metadataBytesMax: number;
  readonly slots: readonly SlotRun[];
  readonly areas: readonly AreaResult[];
  /** Of each area that is on at the end of the workload; not of virtual slots. */
  readonly slotMaps: readonly SlotMap[];
  /**
   * Before the final verification: zswap's gauges, every file of its version's debugfs by its name,
   * and the mean ages of what went to devices and of what stayed (`ZswapAges`), where something went.
   */
  readonly zswap: Readonly<Record<string, number>>;
  /** Tasks that the OOM killer or a read error ended. */
  readonly killedTasks: number;
  /** Of the killed tasks: those that touched a page that could not be read (SIGBUS). */
  readonly sigbusTasks: number;
  /** What became of the faults of the run's rules, by kind; decided when the last task has gone. */
  readonly faults: readonly FaultTally[];
  /** Wrong pages that tasks were given, also those that no fault explains; 0 where one ends the run. */
  readonly wrongPages: number;
  /** Most pages charged; of several cgroups the sum of what each had at most. */
  readonly memoryMaxPages: number;
  readonly cgroups: readonly CgroupResult[];
  /** Lines in the form of the real program. */
  readonly report: readonly string[];
  readonly digest: string;
  readonly wallMs: number;
}
