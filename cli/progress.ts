/**
 * Progress bars on stderr: on a terminal only, and only for what takes longer than two seconds, so
 * that short work stays silent.
 */
import { SingleBar } from 'cli-progress';
import type { Progress } from '../src/machine/index.ts';
import type { CommandIo } from './command.ts';

/** Work that takes longer than this gets a bar. */
const SILENT_MS = 2000;

export interface ProgressOptions {
  /** What is being done, in a word or two. */
  readonly label: string;
  /** What is counted, in the plural: `pages`. */
  readonly unit: string;
  /** How many there are to do; absent: not known. */
  readonly total?: number;
}

/** How far it is; what is left out stays as it was. */
export interface ProgressStep {
  readonly done: number;
  readonly total?: number | null;
  readonly label?: string;
  /** Another one begins a count of its own, at a rate of its own. */
  readonly unit?: string;
  /** Of the emulated machine, where there is one. */
  readonly virtualNs?: number;
  /** What is left where something else than the total ends it; null: nobody knows. */
  readonly secondsLeft?: number | null;
}

export interface ProgressReporter {
  readonly update: (step: ProgressStep) => void;
  /** Takes the bar away, also for a line that is written there: an update draws it again, below. */
  readonly stop: () => void;
}

/** Where a bar is drawn and what its clock is; tests hand in their own. */
export interface ProgressTerminal {
  readonly stream: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly nowMs: () => number;
}

const TERMINAL: ProgressTerminal = { stream: process.stderr, nowMs: () => performance.now() };
const NONE: ProgressReporter = { update: () => undefined, stop: () => undefined };

/** @param io - whose --quiet is heard */
export function createProgress(
  options: ProgressOptions,
  io: Pick<CommandIo, 'verbosity'>,
  terminal: ProgressTerminal = TERMINAL,
): ProgressReporter {
  if (io.verbosity?.isQuiet === true || terminal.stream.isTTY !== true) return NONE;
  const bar = new LateBar(options, terminal);
  return {
    update: (step) => {
      bar.update(step);
    },
    stop: () => {
      bar.stop();
    },
  };
}

class LateBar {
  #unit: string;
  readonly #terminal: ProgressTerminal;
  readonly #bar: SingleBar;
  #label: string;
  #total: number | null;
  readonly #startMs: number;
  /** Where the rate is counted from. */
  #fromMs: number;
  #fromDone = 0;
  #isShown = false;
  #hasTotal = false;

  constructor({ label, unit, total }: ProgressOptions, terminal: ProgressTerminal) {
    this.#unit = unit;
    this.#label = label;
    this.#total = total ?? null;
    this.#terminal = terminal;
    this.#startMs = terminal.nowMs();
    this.#fromMs = this.#startMs;
    this.#bar = new SingleBar({
      format: (options, params, payload: { readonly text: string; readonly head: string }) => {
        if (!this.#hasTotal) return `${payload.head} ${payload.text}`;
        const filled = Math.round(params.progress * BAR_LETTERS);
        const drawn =
          options.barCompleteString!.slice(0, filled) +
          options.barIncompleteString!.slice(0, BAR_LETTERS - filled);
        return `${payload.head} [${drawn}] ${payload.text}`;
      },
      stream: terminal.stream,
      clearOnComplete: true,
      // Who is killed restores nothing: the terminal stays as it is, but for this line, of which
      // there is only as much as fits.
      hideCursor: false,
      linewrap: true,
      // Its handlers would keep ^C from ending work that gives the event loop no turn.
      gracefulExit: false,
      barsize: BAR_LETTERS,
      // Work that gives the event loop no turn still moves its bar.
      synchronousUpdate: true,
    });
  }

  update({ done, total, label, unit, virtualNs, secondsLeft }: ProgressStep): void {
    const nowMs = this.#terminal.nowMs();
    if (label !== undefined) this.#label = label;
    if (total !== undefined) this.#total = total;
    if (unit !== undefined && unit !== this.#unit) {
      this.#unit = unit;
      this.#fromMs = nowMs;
      this.#fromDone = done;
    }
    if (!this.#isShown && nowMs - this.#startMs < SILENT_MS) return;
    const elapsedMs = nowMs - this.#fromMs;
    this.#hasTotal = this.#total !== null && this.#total > 0;
    const perSecond = elapsedMs > 0 ? ((done - this.#fromDone) * 1000) / elapsedMs : 0;
    const byRate =
      perSecond > 0 && this.#total !== null ? Math.max(0, this.#total - done) / perSecond : null;
    const text = progressText({
      ...{ done, total: this.#total, unit: this.#unit, virtualNs, perSecond },
      secondsLeft: secondsLeft === undefined ? byRate : secondsLeft,
    });
    const payload = { head: this.#label, text };
    if (!this.#isShown) {
      this.#bar.start(this.#total ?? 1, done, payload);
      process.on('exit', this.#atExit);
    } else {
      if (this.#total !== null) this.#bar.setTotal(this.#total);
      this.#bar.update(done, payload);
    }
    this.#isShown = true;
  }

  stop(): void {
    if (!this.#isShown) return;
    process.off('exit', this.#atExit);
    this.#bar.stop();
    this.#isShown = false;
  }

  readonly #atExit = (): void => {
    this.stop();
  };
}

const BAR_LETTERS = 24;

interface Standing {
  readonly done: number;
  readonly total: number | null;
  readonly unit: string;
  readonly perSecond: number;
  readonly virtualNs: number | undefined;
  readonly secondsLeft: number | null;
}

/** What stands behind the bar: done of total, rate, remaining time, virtual time. */
function progressText({ done, total, unit, perSecond, virtualNs, secondsLeft }: Standing): string {
  const parts = [
    total === null ? `${count(done)} ${unit}` : `${count(done)}/${count(total)} ${unit}`,
  ];
  if (perSecond > 0) parts.push(`${rateText(perSecond)}/s`);
  if (secondsLeft !== null) parts.push(`${durationText(secondsLeft)} left`);
  if (virtualNs !== undefined) parts.push(`${(virtualNs / 1e9).toFixed(2)} s virtual`);
  return parts.join(' | ');
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function rateText(perSecond: number): string {
  return perSecond >= 10 ? count(Math.round(perSecond)) : perSecond.toFixed(1);
}

/** `42 s`, `3:07 min` or `2:05 h`. */
export function durationText(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)} min`;
  const minutes = Math.ceil(seconds / 60);
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)} h`;
}

export interface RunsProgress {
  /** Goes on with the next run. */
  readonly next: (label: string) => void;
  readonly update: (progress: Progress) => void;
  readonly stop: () => void;
}

/**
 * The bar of one or more runs of the same workload: what they have done, and what is left of all.
 * @param runs - how many there will be
 */
export function createRunsProgress(
  runs: number,
  io: Pick<CommandIo, 'verbosity'>,
  terminal?: ProgressTerminal,
): RunsProgress {
  const bar = createProgress({ label: 'swapping', unit: 'operations' }, io, terminal);
  let begun = 0;
  let name = '';
  /** Operations of the runs that have ended. */
  let before = 0;
  let inThis = 0;
  /** Operations that each run has, as far as they are known. */
  let each: number | null = null;
  return {
    next: (label) => {
      before += inThis;
      inThis = 0;
      begun += 1;
      name = runs > 1 ? `${label} (run ${begun} of ${runs})` : '';
    },
    update: ({ step, operations, operationCount, virtualNs }) => {
      if (step === 'run') inThis = operations;
      if (runs === 1) {
        const isRun = step === 'run';
        bar.update({
          ...{ done: operations, total: operationCount, virtualNs },
          ...{ label: isRun ? 'swapping' : 'comparing', unit: isRun ? 'operations' : 'pages' },
        });
        return;
      }
      // The pages that are compared at the end of each are no operations: the bar waits for them.
      if (step === 'run') each = operationCount;
      const total = each === null ? null : each * (runs - begun) + before + Math.max(each, inThis);
      bar.update({ ...{ done: before + inThis, total, virtualNs }, label: name });
    },
    stop: bar.stop,
  };
}
