/** What a run gives, put together from what its machine has come to and what its phases have counted. */
import type { FaultTally } from '../device/index.ts';
import { EV, type Engine } from '../engine/index.ts';
import type { MemoryManager } from '../memory/index.ts';
import { cgroupResults } from './cgroups.ts';
import { difference, total } from './counts.ts';
import { digestOf } from './digest.ts';
import type { FinalState } from './final-state.ts';
import type { PhaseResult, RunResult } from './run-result.ts';
import type { RunSeries } from './series.ts';

/** Runs of slots that a result shows; the count has them all. */
export const SLOT_RUNS_SHOWN = 64;

/** A phase that is being performed. */
export interface OpenPhase {
  readonly index: number;
  readonly op: string;
  readonly before: ReturnType<Engine['snapshot']>;
  readonly startNs: number;
  readonly startMs: number;
}

/** A run whose last task has gone. */
export interface EndedRun {
  readonly phases: readonly PhaseResult[];
  /** Taken at the end of the workload. */
  readonly final: FinalState;
  /** What freeing had counted before the exit of all tasks. */
  readonly beforeExit: RunResult['operations']['free'];
  /** When it began, on the clock of `performance.now()`. */
  readonly startMs: number;
}

export interface EndedMachine {
  readonly engine: Engine;
  readonly memory: MemoryManager;
  readonly series: RunSeries;
  /** By cgroup: tasks that were ended, and forks that found no memory. */
  readonly killed: Uint32Array;
  readonly report: readonly string[];
  /** null: of a run without rules. */
  readonly faults: readonly FaultTally[] | null;
}

export function concludeRun(
  { phases, final, beforeExit, startMs }: EndedRun,
  { engine, memory, series, killed, report, faults }: EndedMachine,
): RunResult {
  const exitCounts = difference(engine.byOperation().free, beforeExit);
  const { areas, slotMaps, zswap, slots, operations, usage, charges, gauges, ...kept } = final;
  const cgroups = cgroupResults(memory.cgroups, charges, killed);
  const virtualNs = phases.reduce((sum, phase) => sum + phase.virtualNs, 0);
  // Later phases may have thinned out what earlier ones had when they were told of.
  const thinned = phases.map((phase) => ({ ...phase, series: series.ofPhase(phase.index) }));
  const outcome = { phases: thinned, ...kept, slotRuns: slots.length, virtualNs };
  return {
    ...outcome,
    operations: { ...operations, free: total(operations.free, exitCounts) },
    usage,
    gauges,
    slots: slots.slice(0, SLOT_RUNS_SHOWN),
    areas,
    slotMaps,
    zswap,
    metadataBytesMax: series.metadataBytesMax,
    sigbusTasks: engine.counted(EV.sigbus),
    faults: faults ?? [],
    wrongPages: memory.swap.wrongPagesGiven,
    killedTasks: killed.reduce((sum, count) => sum + count, 0),
    memoryMaxPages: cgroups.reduce((sum, { memoryMaxPages }) => sum + memoryMaxPages, 0),
    cgroups,
    report,
    digest: digestOf(faults === null ? outcome : { ...outcome, faults }),
    wallMs: performance.now() - startMs,
  };
}
