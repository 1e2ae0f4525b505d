/** How the outside takes part in a run of a machine: what it is told, where it looks, whose time it has. */
import type { FaultConsequence, FiredFault } from '../device/index.ts';
import type { PhaseResult, SlotRun } from './run-result.ts';
import type { LiveHooks } from './steering.ts';

/** What the outside is told while a machine runs. */
export interface RunHooks extends LiveHooks {
  /** A phase has ended. */
  onPhase?(result: PhaseResult): void;
  /** Some operations were done: how many in all, and in which phase. */
  onProgress?(progress: Progress): void;
  /** The event loop has turned in the middle of operations: signals were heard. */
  onTurn?(): void;
  /** The trace says `pause`: everything queued is on the devices; resolves to go on. */
  onPause?(label: string, runs: readonly SlotRun[]): Promise<void>;
  /** A page that was read was not what it must be (workloads whose reads are compared). */
  onWrongPage?(page: WrongPage): void;
  /** Something rare happened. */
  onEvent?(timeNs: number, kind: string, detail: string): void;
  /** A fault has fired. */
  onFault?(fault: FiredFault): void;
  /** What became of a fault, once it is known. */
  onConsequence?(id: number, consequence: FaultConsequence, detail: string): void;
}

export interface WrongPage {
  readonly task: number;
  readonly page: number;
  /** Number of the operation that read it. */
  readonly operation: number;
}

/** Looks at the machine while it stands between two operations. */
export interface Visits {
  /** Number of the operation, from 1 over the whole run, after which the first look is. */
  readonly first: number;
  /** @returns the number of a later operation after which to look again, or to end the run now */
  afterOperation(operations: number): number | 'stop';
  afterPhase?(result: PhaseResult): 'go on' | 'stop';
}

export interface Progress {
  readonly phase: number;
  readonly phaseCount: number;
  /** Operations done; pages compared in step `verify`. */
  readonly operations: number;
  /** How many there are in all in this step; null where the workload does not know. */
  readonly operationCount: number | null;
  readonly virtualNs: number;
  readonly step: 'run' | 'verify';
}

/** What is known of the time that a run took on another machine: that of a capture. */
export interface RecordedHost {
  /** Time at which a phase had done so many operations, ns from the start of the first one. */
  timeNs(phase: number, operations: number): number;
  /** When statistics were flushed, ns from the start, ascending; before the start: negative. */
  readonly flushesNs: readonly number[];
}
