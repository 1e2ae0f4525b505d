/** Cuts a trace that tells times, but no phases, into phases of equal length. */
import type { AccessSink, ImporterOption } from './importer.ts';

/** Phases are for people to look at and for a row of counters each. assumed */
const PHASES_MAX = 500;

export const phaseEveryOption = (unit: string): ImporterOption => ({
  flags: '--phase-every <N>',
  text: `a new phase every N ${unit} of the trace, ${PHASES_MAX} phases at most (default: one phase)`,
});

export class PhaseClock {
  readonly #every: number | undefined;
  readonly #sink: AccessSink;
  #start: number | undefined;
  #interval = -1;
  #begun = 0;

  /** @param every - length of a phase in the trace's unit of time; undefined: no phases */
  constructor(every: number | undefined, sink: AccessSink) {
    this.#every = every;
    this.#sink = sink;
  }

  /** Tells the time of the access that comes next, in the trace's unit. */
  tick(time: number): void {
    if (this.#every === undefined) return;
    this.#start ??= time;
    const interval = Math.floor((time - this.#start) / this.#every);
    // Traces are not always sorted to the last digit: an earlier time belongs to the phase it is in.
    if (interval <= this.#interval || this.#begun === PHASES_MAX) return;
    this.#interval = interval;
    this.#begun += 1;
    const isLast = this.#begun === PHASES_MAX;
    const from = interval * this.#every;
    this.#sink.phase(isLast ? `from ${from}` : `${from} to ${from + this.#every}`);
  }
}
