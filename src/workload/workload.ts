/**
 * The contract of a workload: phases of page operations in typed arrays, no object per
 * operation, and what every page must hold at the end.
 */
import type { ZramSetting } from '../device/index.ts';
import type { VirtualPage } from '../units/index.ts';
import type { ZswapCgroupSetting, ZswapSetting } from '../zswap/index.ts';

/** What one operation does to one page of one task's mapping. */
export const OP = {
  /** Reads the page. */
  read: 0,
  /** Writes the whole page with new content. */
  write: 1,
  /** Reads the page, changes a part of it, and writes that back. */
  modify: 2,
  /** madvise(MADV_DONTNEED): the page is gone; a later read finds zeros. */
  drop: 3,
} as const;

/** Room for operations, filled by a workload and worked off by the machine. */
export interface OperationBatch {
  /** How many of the places below are filled. */
  count: number;
  /** One of OP. */
  readonly kind: Uint8Array;
  /** Which task does it: an index below the workload's `taskCount`. */
  readonly task: Uint16Array;
  /** Page of the task's mapping. */
  readonly page: Uint32Array;
  /** The operations have the numbers below; otherwise each has that of the one before and 1. */
  isNumbered: boolean;
  readonly number: Float64Array;
  /** Place of the operation that is being done. */
  at: number;
}

/** Makes an empty batch for `capacity` operations. */
export function createOperationBatch(capacity: number): OperationBatch {
  return {
    count: 0,
    kind: new Uint8Array(capacity),
    task: new Uint16Array(capacity),
    page: new Uint32Array(capacity),
    isNumbered: false,
    number: new Float64Array(capacity),
    at: 0,
  };
}

/** What the machine is told to do, in the order of the trace. */
export type Phase =
  /** Page operations, drawn by `fill` until it gives none; `fork`: a child of task 0 does them on
   * its copy-on-write view and exits. */
  | {
      readonly kind: 'operations';
      readonly label: string;
      readonly fork: boolean;
      /** How many, where that is known before they are drawn. */
      readonly count?: number;
    }
  /** The machine stops with all files as they are until it is told to go on. */
  | { readonly kind: 'pause'; readonly label: string }
  /** Virtual time passes. */
  | { readonly kind: 'sleep'; readonly label: string; readonly durationNs: number }
  /** All queued I/O completes. */
  | { readonly kind: 'barrier'; readonly label: string }
  /** An area is given up or taken while the machine runs. */
  | { readonly kind: 'swapoff' | 'swapon'; readonly label: string; readonly path: string }
  /** Something is written to a file of a zram's in /sys. */
  | {
      readonly kind: 'zram';
      readonly label: string;
      readonly path: string;
      readonly setting: ZramSetting;
    }
  /** Something is written to a file of /sys/module/zswap/parameters. */
  | { readonly kind: 'zswap'; readonly label: string; readonly setting: ZswapSetting }
  /** Something is written to a file of a cgroup's. */
  | {
      readonly kind: 'cgroup';
      readonly label: string;
      readonly name: string;
      readonly setting: ZswapCgroupSetting;
    }
  /** Virtual slots are taken from now on, or not (vm.vswap_enabled). */
  | { readonly kind: 'vswap'; readonly label: string; readonly isOn: boolean }
  /** A task exits; or one that has ended begins anew, with nothing mapped. */
  | { readonly kind: 'exit' | 'begin'; readonly label: string; readonly task: number }
  /** Task `task` ends, if it lives, and goes on as a copy-on-write copy of `parent`. */
  | {
      readonly kind: 'fork';
      readonly label: string;
      readonly parent: number;
      readonly task: number;
    };

export interface Workload {
  /** Registry key or `trace`. */
  readonly name: string;
  readonly taskCount: number;
  /** Pages of each task's private anonymous mapping. */
  readonly pagesPerTask: number;
  /** Pages of a file that every task maps behind its private ones; 0 for none. */
  readonly sharedPages: number;
  readonly phases: readonly Phase[];

  /** Starts (again) at the beginning of phase `index`; phases are worked off in order. */
  startPhase(index: number): void;

  /** Fills `batch` with the next operations of the phase; a count of 0 ends it. */
  fill(batch: OperationBatch): void;

  /**
   * Applies operation `kind` of the current phase to the bytes of the page: `write` overwrites all
   * 4096 bytes, `modify` changes some. Also keeps what `expected` needs: called once for every such
   * operation, in order, except where `payload` is none (then `contentTag` is called instead).
   * A forked child's operations on private pages change only the child's view: they are not in
   * `expected`. Those on shared pages are everybody's.
   */
  apply(kind: number, task: number, page: VirtualPage, bytes: Uint8Array): void;

  /** As `apply` without bytes: updates what is expected and returns the page's new content tag. */
  applyTag(kind: number, task: number, page: VirtualPage, tag: number): number;

  /** The bytes that the task's page must hold now; zeros for a page never written or dropped. */
  expected(task: number, page: VirtualPage, bytes: Uint8Array): void;

  /** The content tag that the task's page must have now; 0 for zeros. */
  expectedTag(task: number, page: VirtualPage): number;

  /**
   * True when a page holds what it must, judged by a sum that is kept for it; only of workloads whose
   * reads are compared as they come. `bytes`: null for a page that was never written.
   */
  matches?(task: number, page: VirtualPage, bytes: Uint8Array | null): boolean;

  /** The task has begun anew: zeros are expected everywhere. */
  began?(task: number): void;

  /** Task `child` is a copy of `parent`: what the parent's pages hold is expected of its own. */
  forked?(parent: number, child: number): void;

  /** Notes that the page was dropped (`OP.drop`) by the task: zeros are expected. */
  dropped(task: number, page: VirtualPage): void;

  /**
   * Distinct contents that stand for all pages this workload writes, for `payload none`: `lengths`
   * asks the compressor once about each.
   */
  samples(): readonly ContentSample[];

  /** Sets the compressed length (1 to 4096) of each sample, in order. */
  setSampleLengths(lengths: readonly number[]): void;

  /** Lines in the form of the real program (usemem's throughput line), given the run's times. */
  report?(times: WorkloadTimes): readonly string[];
}

/** A page that stands for others in `payload none`. */
export interface ContentSample {
  readonly label: string;
  readonly bytes: Uint8Array;
}

/** Virtual times that a workload's own report is made of, of the tasks that came to their end. */
export interface WorkloadTimes {
  /** Virtual nanoseconds from the start to the end of each task's access phase. */
  readonly accessNs: readonly number[];
  /** Virtual nanoseconds that freeing each task's memory took. */
  readonly freeNs: readonly number[];
  /** Virtual nanoseconds before the first access. */
  readonly initNs: number;
}
