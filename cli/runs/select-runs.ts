/**
 * The ways to say which stored runs are meant: `12`, `12,15`, `12-17`, `last`, `last~2` (the third
 * newest), a run's name (all runs of that name), and lists of these with commas between.
 */
import type { RunStore } from '../../src/runs/index.ts';
import { clipped, nearestNames, RunError, UsageError } from '../../src/units/index.ts';

/** For help texts. */
export const RUN_SELECTION = "a number, a range 12-17, last, last~1, or a name; a list with ','";

export const HOW_TO_MAKE_ONE = 'make one with: swaplab run --trace FILE --memory 32M --swap 512M';

/** What is needed of a store. */
export type SelectableRuns = Pick<RunStore, 'list' | 'nearestIds'>;

/** Runs that are there, the newest first. */
type Runs = readonly { readonly runId: number; readonly name: string | null }[];

/**
 * Ids of the runs that `texts` select, in the order given, each once; a range and a name give theirs
 * ascending.
 *
 * @param option - what the texts were given to, for messages: `--runs`, `RUN`
 * @throws RunError for a number that no run has, with the nearest ones
 * @throws UsageError for a text that is neither a number nor a name, with the nearest names
 */
export function selectRuns(
  texts: readonly string[],
  store: SelectableRuns,
  option: string,
): number[] {
  const runs = store.list();
  const words = texts.flatMap((text) => (isName(text, runs) ? [text] : text.split(',')));
  return [...new Set(words.flatMap((word) => selectWord(word, { runs, store, option })))];
}

/**
 * The one run that `text` selects.
 * @throws as `selectRuns`; UsageError for several
 */
export function selectRun(text: string, store: SelectableRuns, option: string): number {
  const [runId, ...more] = selectRuns([text], store, option);
  if (runId !== undefined && more.length === 0) return runId;
  throw new UsageError(
    `${option}: '${clipped(text)}' is ${more.length + 1} runs ` +
      `(${listText([runId ?? 0, ...more])}); accepted is one`,
  );
}

interface Selection {
  readonly runs: Runs;
  readonly store: SelectableRuns;
  readonly option: string;
}

function selectWord(word: string, selection: Selection): number[] {
  const { runs } = selection;
  // A name wins over a number, which can be said in another way.
  if (isName(word, runs)) return ascending(runs.filter(({ name }) => name === word));
  const last = /^last(?:~(\d{1,15}))?$/.exec(word);
  if (last !== null) return [selectLast(word, Number(last[1] ?? 0), selection)];
  const range = /^([1-9]\d{0,14})-([1-9]\d{0,14})$/.exec(word);
  if (range !== null) return selectRange(Number(range[1]), Number(range[2]), selection);
  if (!/^[1-9]\d{0,14}$/.test(word)) throw unknownName(word, selection);
  const runId = Number(word);
  if (runs.some((run) => run.runId === runId)) return [runId];
  throw missing(`no run ${runId}`, runId, selection);
}

function selectLast(word: string, back: number, { runs, option }: Selection): number {
  const run = runs[back];
  if (run !== undefined) return run.runId;
  const there =
    runs.length === 0
      ? `there are no runs; ${HOW_TO_MAKE_ONE}`
      : `there are ${runs.length} runs; all: swaplab runs ls -n 0`;
  throw new RunError(`${option}: no run ${word}: ${there}`);
}

/** Those of the range that are there: runs may have been removed. */
function selectRange(from: number, to: number, selection: Selection): number[] {
  const { runs, option } = selection;
  if (from > to)
    throw new UsageError(`${option}: '${from}-${to}' runs backwards; accepted: '${to}-${from}'`);
  const found = runs.filter(({ runId }) => runId >= from && runId <= to);
  if (found.length === 0) throw missing(`no run from ${from} to ${to}`, from, selection);
  return ascending(found);
}

function missing(what: string, runId: number, { store, option }: Selection): RunError {
  const nearest = store.nearestIds(runId, 3);
  const there =
    nearest.length === 0
      ? `there are no runs; ${HOW_TO_MAKE_ONE}`
      : `the nearest are ${nearest.join(', ')}; all: swaplab runs ls -n 0`;
  return new RunError(`${option}: ${what}: ${there}`);
}

function unknownName(word: string, { runs, option }: Selection): UsageError {
  const names = [...new Set(runs.flatMap(({ name }) => name ?? []))];
  const nearest = nearestNames(word, names, 3).map((name) => `'${clipped(name)}'`);
  const hint = nearest.length === 0 ? '' : `; the nearest names are ${nearest.join(', ')}`;
  return new UsageError(
    `${option}: '${clipped(word)}' is no run; accepted: ${RUN_SELECTION}${hint}`,
  );
}

function isName(text: string, runs: Runs): boolean {
  return runs.some(({ name }) => name === text);
}

function ascending(runs: Runs): number[] {
  return runs.map(({ runId }) => runId).sort((a, b) => a - b);
}

function listText(ids: readonly number[]): string {
  const shown = ids.slice(0, 5).join(', ');
  return ids.length > 5 ? `${shown}, …` : shown;
}
