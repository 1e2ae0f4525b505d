/**
 * The time series of a run: gauges and counters as they were after so many operations, evenly spread
 * over the whole run. Where a point is depends on operations alone, never on the wall clock.
 *
 * Nobody knows beforehand how long a run is, so points begin close together; when there are too many
 * of them the distance doubles and those between go, those of phases that are over among them.
 */
import { EV, type CountedName } from '../engine/index.ts';
import { ROLE } from '../slots/index.ts';
import type { StateParts } from './final-state.ts';
import { metadataTerms } from './final-state.ts';
import type { PhaseResult } from './run-result.ts';

/** Points of one series that a run has at most; when it gets there it has half of them left. */
export const SERIES_POINTS_MAX = 256;
/** Operations between the first points. A sample takes as long as 4 to 7 operations: 1 to 2 %. */
const FIRST_DISTANCE = 400;

interface Sample {
  readonly phase: number;
  readonly operations: number;
  readonly timeNs: number;
  readonly values: readonly number[];
}

/** Sums since the start of the run, under the names of what is counted. */
const COUNTERS = ['pswpout', 'pswpin', 'pgmajfault'] as const satisfies readonly CountedName[];
const ZSWAP_COUNTERS = ['zswpout', 'zswpin', 'zswpwb'] as const satisfies readonly CountedName[];
const GAUGES = [
  'swap.usedPages',
  'swap.usedSlots',
  'swap.zeroPages',
  'swap.filePages',
  'memory.presentPages',
  'memory.onlyPages',
  'metadata.bytes',
] as const;
const ZSWAP_GAUGES = ['zswap.storedPages', 'zswap.poolBytes'] as const;

export class RunSeries {
  readonly names: readonly string[];
  readonly #state: StateParts;
  readonly #usesZswap: boolean;
  #samples: Sample[] = [];
  /** Operations from one look to the next, but for the ends of phases. */
  #distance = FIRST_DISTANCE;
  /** Operations that any two samples but the latest are apart. */
  #apart = 0;
  #metadataBytesMax = 0;

  constructor(state: StateParts, usesZswap: boolean) {
    this.#state = state;
    this.#usesZswap = usesZswap;
    this.names = [
      ...GAUGES,
      ...COUNTERS,
      ...(usesZswap ? [...ZSWAP_GAUGES, ...ZSWAP_COUNTERS] : []),
    ];
  }

  /** Most metadata bytes at any sample, those that have gone among them. */
  get metadataBytesMax(): number {
    return this.#metadataBytesMax;
  }

  /** Samples of all phases that there are now. */
  get length(): number {
    return this.#samples.length;
  }

  /**
   * Looks at the machine, in a phase, after so many operations of the run.
   * @returns after how many operations the next look is due
   */
  sample(phase: number, operations: number): number {
    this.#dropTooNear(phase, operations);
    const timeNs = this.#state.engine.latestNs;
    this.#samples.push({ phase, operations, timeNs, values: this.#read() });
    if (this.#samples.length >= SERIES_POINTS_MAX) this.#thin();
    return operations + this.#distance;
  }

  /** The points of a phase, name after name in each sample. */
  ofPhase(phase: number): PhaseResult['series'] {
    return this.#samples
      .filter((sample) => sample.phase === phase)
      .flatMap(({ timeNs, values }) =>
        this.names.map((name, index) => ({ name, timeNs, value: values[index]! })),
      );
  }

  /** Leaves half of them or less; the first and the latest stay. */
  #thin(): void {
    const newest = this.#samples.at(-1)!;
    const span = newest.operations - this.#samples[0]!.operations;
    const first = Math.max(1, Math.ceil((2 * span) / SERIES_POINTS_MAX));
    this.#apart = this.#apart === 0 ? Math.min(first, this.#distance * 2) : this.#apart * 2;
    this.#distance = Math.max(this.#distance, this.#apart);
    let kept = -Infinity;
    this.#samples = this.#samples.filter((sample) => {
      if (sample !== newest && sample.operations - kept < this.#apart) return false;
      kept = sample.operations;
      return true;
    });
  }

  /** The latest sample is the last one so far: it stays only if it is far enough from the others. */
  #dropTooNear(phase: number, operations: number): void {
    const last = this.#samples.at(-1);
    const before = this.#samples.at(-2);
    if (last === undefined) return;
    // A phase ends with what its last operation has left, and then with what its end has.
    const isSame = last.phase === phase && last.operations === operations;
    const isNear = before !== undefined && last.operations - before.operations < this.#apart;
    if (isSame || isNear) this.#samples.pop();
  }

  /** In the order of `names`. Everything here is a count that is kept anyway. */
  #read(): number[] {
    const { engine, memory, frames } = this.#state;
    const { swap } = memory;
    let usedSlots = 0;
    for (const area of swap.space.areas()) if (area.role === ROLE.plain) usedSlots += area.inUse;
    const presentPages = frames.frameCount - frames.freeCount;
    let bytes = 0;
    for (const term of metadataTerms(this.#state)) bytes += term.bytes;
    if (bytes > this.#metadataBytesMax) this.#metadataBytesMax = bytes;
    const values = [
      swap.design.entriesInUse(),
      usedSlots,
      swap.design.zeroEntries(),
      swap.view.filePages,
      presentPages,
      presentPages - frames.doubledCount,
      bytes,
    ];
    for (const name of COUNTERS) values.push(engine.counted(EV[name]));
    if (!this.#usesZswap) return values;
    values.push(swap.zswap.entries.count, swap.zswap.poolBytes);
    for (const name of ZSWAP_COUNTERS) values.push(engine.counted(EV[name]));
    return values;
  }
}
