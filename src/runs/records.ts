/** What a run is made of, as it is handed to the database and as it comes back. */
import type { AreaKind } from '../area/active-areas.ts';
import type { HistogramBucket } from '../engine/index.ts';
import type { SlotMapCell } from '../slots/slot-map.ts';
import type { JsonValue } from './json.ts';

export type { SlotMapCell } from '../slots/slot-map.ts';
export { SLOT_STATES, type SlotState } from '../slots/slot-states.ts';

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
  /** Its id in the plan of a sweep; absent: it is of none. */
  readonly planId?: string;
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

/** What `latestPhases` tells of a phase. */
export type PhaseLine = Pick<
  PhaseRecord,
  'index' | 'op' | 'present' | 'swapped' | 'virtualNs' | 'wallMs'
>;

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

/** One number by which runs of the same workload are compared, as the run itself has worked it out. */
export interface MetricRecord {
  /** Stands above its rows in a table. */
  readonly group: string;
  /** In full: no two metrics of a run have the same. */
  readonly name: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher' | 'none';
  /** In a table even if it is zero everywhere. */
  readonly isAlwaysShown: boolean;
  readonly value: number;
}

/** All counts of a run by what the machine was busy with: whole numbers by operation and name. */
export type OperationCounters = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Clusters on one of the allocator's lists. */
export interface ClusterListRecord {
  readonly list: string;
  readonly order: number;
  readonly clusters: number;
}

/** How an area's slots stand at the end of the workload. */
export interface SlotMapRecord {
  /** Of the area. */
  readonly type: number;
  /** At most 1024, equally long but for the last, ascending from slot 0. */
  readonly cells: readonly SlotMapCell[];
  /** Lists without a cluster are left out. */
  readonly clusterLists: readonly ClusterListRecord[];
  /** Stretches of free slots, as long as they can be, by length: ascending, as a histogram's. */
  readonly freeRuns: readonly HistogramBucket[];
}

/** Kind of the events that keep the lines which the real program of the workload would print. */
export const REPORT_EVENT = 'report';

/** Something rare that a reader of the run should know: an OOM kill, an area given up. */
export interface EventRecord {
  /** Virtual time. */
  readonly timeNs: number;
  readonly kind: string;
  readonly detail: string;
}

/**
 * What became of a fault. `detected`: told as an error; `unread`: freed or written over before a
 * read; `lost`: wrong bytes were given to a task as good; `harmless`: read, and the bytes were
 * right; `pending`: not decided yet.
 */
export const CONSEQUENCES = ['pending', 'detected', 'unread', 'lost', 'harmless'] as const;
export type Consequence = (typeof CONSEQUENCES)[number];

/** A fault that fired. */
export interface FiredFaultRecord {
  /** One number per fault of the run. */
  readonly id: number;
  /** Virtual time. */
  readonly timeNs: number;
  /** Of the workload. */
  readonly operation: number;
  readonly kind: string;
  readonly area: string;
  readonly slot: number;
  readonly pages: number;
}

/** A fault as it is stored. */
export interface FaultRecord extends FiredFaultRecord {
  readonly consequence: Consequence;
  /** Of the consequence. */
  readonly detail: string;
}

/** Faults of one kind with one consequence; counts all of them, also those without a row. */
export interface FaultCount {
  readonly kind: string;
  readonly consequence: Consequence;
  readonly count: number;
}

/** Where a run can go on after its process was killed. */
export interface CheckpointRecord {
  readonly operations: number;
  readonly state: JsonValue;
}

/** What a run was at some moment. */
export interface IntervalRecord {
  readonly operations: number;
  /** Virtual time. */
  readonly timeNs: number;
  readonly figures: Readonly<Record<string, number>>;
}

/** An interval as it is stored. */
export interface StoredInterval extends IntervalRecord {
  /** From 0, counting those that were thinned out. */
  readonly position: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/** A request of another process that a run has taken. */
export interface SteeringRecord {
  readonly action: 'swapon' | 'swapoff';
  /** Path of the area. */
  readonly area: string;
  /** Of a swapon; null: the kernel's choice. */
  readonly priority: number | null;
  /** Operations of the workload that were done before. */
  readonly operation: number;
  /** Phase that was at work; null where the run does not say. */
  readonly phase: number | null;
  /** `ok` or the name of an errno. */
  readonly outcome: string;
  readonly detail: string;
}

export interface Verification {
  readonly pagesChecked: number;
  readonly mismatches: number;
}

/** What is known when the last phase has ended. */
export interface RunOutcome {
  readonly digest: string;
  readonly verify: Verification;
  /** Wrong pages that tasks were given, where the first one does not end the run. */
  readonly wrongPages?: number;
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
  /** What its command ends with; null of a run that has not ended, or was aborted. */
  readonly exitCode: number | null;
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
  /** The first ones, and those that were lost; `faultCounts` has all. */
  readonly faults: readonly FaultRecord[];
  readonly faultCounts: readonly FaultCount[];
  readonly steering: readonly SteeringRecord[];
  readonly events: readonly EventRecord[];
  /** These three are empty in runs that a version before them has stored. */
  readonly metrics: readonly MetricRecord[];
  readonly operations: OperationCounters;
  readonly slotMaps: readonly SlotMapRecord[];
  readonly intervals: readonly StoredInterval[];
  /** The latest; null when there is none. */
  readonly checkpoint: CheckpointRecord | null;
}
