/** What a run gives: everything deterministic, and the wall-clock figures apart. */
import type { AreaKind } from '../area/active-areas.ts';
import type { HistogramBucket } from '../engine/index.ts';
import type { MetadataTerm } from '../swap/index.ts';

export interface PhaseResult {
  readonly index: number;
  readonly op: string;
  readonly counters: Readonly<Record<string, number>>;
  readonly present: number;
  readonly swapped: number;
  readonly virtualNs: number;
  readonly wallMs: number;
  readonly zswap: Readonly<Record<string, number>> | null;
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

export interface AreaResult {
  readonly type: number;
  readonly path: string;
  readonly kind: AreaKind;
  readonly pages: number;
  readonly usedPages: number;
  readonly priority: number;
  readonly heldInZswap: number;
  readonly refused: number;
  readonly writtenBack: number;
  readonly pagesWritten: number;
  readonly writes: number;
  readonly pagesRead: number;
  readonly reads: number;
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
}

export interface RunResult extends DeterministicResult {
  readonly slots: readonly SlotRun[];
  readonly areas: readonly AreaResult[];
  /** zswap's gauges before the final verification. */
  readonly zswap: Readonly<Record<string, number>>;
  /** Tasks that the OOM killer or a read error ended. */
  readonly killedTasks: number;
  readonly memoryMaxPages: number;
  /** Lines in the form of the real program. */
  readonly report: readonly string[];
  readonly digest: string;
  readonly wallMs: number;
}
