/** What a run is made of, as it is handed to the database and as it comes back. */
import type { AreaKind } from '../area/active-areas.ts';
import type { HistogramBucket } from '../engine/index.ts';
import type { JsonValue } from './json.ts';

/** `aborted`: the process that wrote the run ended without finishing it. */
export const RUN_STATUSES = ['running', 'done', 'failed', 'aborted'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** What is known of a run before its first phase. */
export interface RunHeader {
  readonly design: string;
  readonly seed: number;
  /** The fully resolved spec. */
  readonly spec: JsonValue;
  /** Version of swaplab. */
  readonly version: string;
  /** What the user calls the run. */
  readonly name: string | null;
  /** The command line, for people. */
  readonly command: string;
}

export interface SeriesPoint {
  readonly name: string;
  /** Virtual time. */
  readonly timeNs: number;
  readonly value: number;
}

/** One phase of the workload. */
export interface PhaseRecord {
  /** From 0, in the order of the workload. */
  readonly index: number;
  /** The operation line or label. */
  readonly op: string;
  /** What was counted during the phase; whole numbers by name. */
  readonly counters: Readonly<Record<string, number>>;
  /** Pages of the mappings in memory and swapped out when the phase ended. */
  readonly present: number;
  readonly swapped: number;
  /** Virtual nanoseconds that the phase took. */
  readonly virtualNs: number;
  /** Wall-clock milliseconds that the phase took. */
  readonly wallMs: number;
  /** zswap's state when the phase ended; null without zswap. */
  readonly zswap: Readonly<Record<string, number>> | null;
  /** The same of areas in compressed memory; absent without any. */
  readonly zram?: Readonly<Record<string, number>>;
  readonly series: readonly SeriesPoint[];
}

/** A swap area that a run used. */
export interface AreaRecord {
  readonly type: number;
  readonly path: string;
  readonly kind: AreaKind;
  /** Usable slots. */
  readonly pages: number;
  readonly usedPages: number;
  readonly priority: number;
  /** What happened on this area (held in zswap, refused, written back, …), in order of printing. */
  readonly counters: Readonly<Record<string, number>>;
}

export interface MetadataRow {
  readonly term: string;
  readonly bytes: number;
  readonly kind: 'static' | 'dynamic';
}

export interface HistogramRecord {
  readonly name: string;
  readonly unit: string;
  /** Ascending, as `Histogram.buckets()` gives them. */
  readonly buckets: readonly HistogramBucket[];
}

/** Something rare that a reader of the run should know: an OOM kill, an area given up. */
export interface EventRecord {
  /** Virtual time. */
  readonly timeNs: number;
  readonly kind: string;
  readonly detail: string;
}

/** A fault that was injected. */
export interface FaultRecord extends EventRecord {
  /** What it hit: a device or an area. */
  readonly target: string;
}

export interface Verification {
  readonly pagesChecked: number;
  readonly mismatches: number;
}

/** What is known when the last phase has ended. */
export interface RunOutcome {
  readonly digest: string;
  readonly verify: Verification;
  /** Runs of swapped pages whose slots follow each other, at the end. */
  readonly slotRuns: number;
  readonly virtualNs: number;
  readonly wallMs: number;
}

/** One line of `runs ls`. What a run has not reached is null. */
export interface RunSummary {
  readonly runId: number;
  readonly specHash: string;
  readonly design: string;
  readonly seed: number;
  readonly version: string;
  readonly name: string | null;
  readonly command: string;
  readonly status: RunStatus;
  /** Why the run failed or was aborted. */
  readonly exitReason: string | null;
  readonly phaseCount: number;
  readonly digest: string | null;
  readonly verify: Verification | null;
  readonly slotRuns: number | null;
  readonly virtualNs: number | null;
  readonly wallMs: number | null;
  /** Milliseconds since 1970, UTC. */
  readonly startedMs: number;
  readonly finishedMs: number | null;
}

/** Everything that is stored of a run. */
export interface StoredRun extends RunSummary {
  readonly spec: JsonValue;
  readonly phases: readonly PhaseRecord[];
  readonly metadata: readonly MetadataRow[];
  readonly histograms: readonly HistogramRecord[];
  readonly areas: readonly AreaRecord[];
  readonly faults: readonly FaultRecord[];
  readonly events: readonly EventRecord[];
}
