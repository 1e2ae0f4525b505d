/** The columns of `runs ls`, and what `--sort` takes. */
import { secondsText, utcText } from '../../src/report/text/figures.ts';
import type { Cell } from '../../src/report/text/table.ts';
import type { RunSummary } from '../../src/runs/index.ts';
import { clipped, nearestNames, UsageError } from '../../src/units/index.ts';

/** A plain value, by which rows are sorted and which CSV has; null: the run has none. */
type Value = string | number | null;

interface Column {
  readonly value: (run: RunSummary) => Value;
  /** For people, where it is not the value itself. */
  readonly shown?: (run: RunSummary) => Cell;
}

/** By name, in the order of the help. */
const COLUMNS: Readonly<Record<string, Column>> = {
  RUN: { value: (run) => run.runId },
  STATUS: { value: (run) => run.status },
  DESIGN: { value: (run) => run.design },
  SEED: { value: (run) => run.seed },
  PHASES: { value: (run) => run.phaseCount },
  VIRTUAL: {
    value: (run) => run.virtualNs,
    shown: (run) => secondsText(run.virtualNs, 1e9),
  },
  WALL: { value: (run) => run.wallMs, shown: (run) => secondsText(run.wallMs, 1e3) },
  STARTED: { value: (run) => run.startedMs, shown: (run) => utcText(run.startedMs) },
  SPEC: { value: (run) => run.specHash, shown: (run) => run.specHash.slice(0, 12) },
  NAME: { value: (run) => run.name },
  FINISHED: {
    value: (run) => run.finishedMs,
    shown: (run) => (run.finishedMs === null ? '-' : utcText(run.finishedMs)),
  },
  CHECKED: { value: (run) => run.verify?.pagesChecked ?? null },
  MISMATCHES: { value: (run) => run.verify?.mismatches ?? null },
  SLOTRUNS: { value: (run) => run.slotRuns },
  EXIT: { value: (run) => run.exitCode },
  REASON: { value: (run) => run.exitReason },
  VERSION: { value: (run) => run.version },
  DIGEST: { value: (run) => run.digest },
  COMMAND: { value: (run) => run.command },
};

const DEFAULT_COLUMNS = 'RUN,STATUS,DESIGN,SEED,PHASES,VIRTUAL,WALL,STARTED,SPEC,NAME';

/** For help texts. */
export const COLUMN_NAMES: readonly string[] = Object.keys(COLUMNS);

/**
 * The columns that `-o` selects: a list of names in any case, `+` in front for the usual ones and
 * these, as util-linux has it.
 *
 * @throws UsageError for a name that is none, with the nearest
 */
export function selectColumns(text: string | undefined): string[] {
  if (text === undefined) return DEFAULT_COLUMNS.split(',');
  const names = text.replace(/^\+/, '').split(',').map(columnName('-o'));
  return text.startsWith('+') ? [...new Set([...selectColumns(undefined), ...names])] : names;
}

export interface Order {
  readonly column: string;
  readonly isDescending: boolean;
}

/** Reads `KEY` or `KEY,desc`. @throws UsageError */
export function parseOrder(text: string): Order {
  const [key = '', direction = 'asc', ...rest] = text.split(',');
  const column = columnName('--sort')(key);
  if (rest.length > 0 || (direction !== 'asc' && direction !== 'desc'))
    throw new UsageError(`--sort: '${clipped(text)}'; accepted behind the column: ,asc and ,desc`);
  return { column, isDescending: direction === 'desc' };
}

/** Runs in that order; those without a value come last in both, equal ones stay as they are. */
export function sortRuns(runs: readonly RunSummary[], order: Order): RunSummary[] {
  const { value } = columnOf(order.column);
  const sign = order.isDescending ? -1 : 1;
  return [...runs].sort((a, b) => {
    const [left, right] = [value(a), value(b)];
    if (left === right) return 0;
    if (left === null) return 1;
    if (right === null) return -1;
    return (left < right ? -1 : 1) * sign;
  });
}

/** A run as people read it. */
export function shownRow(run: RunSummary, columns: readonly string[]): Record<string, Cell> {
  const cells = columns.map((name) => {
    const { value, shown } = columnOf(name);
    return [name, shown === undefined ? (value(run) ?? (name === 'NAME' ? '' : '-')) : shown(run)];
  });
  return Object.fromEntries(cells) as Record<string, Cell>;
}

/** A run's plain values. */
export function plainRow(run: RunSummary, columns: readonly string[]): Value[] {
  return columns.map((name) => columnOf(name).value(run));
}

function columnName(option: string): (text: string) => string {
  return (text) => {
    const name = text.toUpperCase();
    if (Object.hasOwn(COLUMNS, name)) return name;
    const nearest = nearestNames(name, COLUMN_NAMES, 3).join(', ');
    throw new UsageError(`${option}: '${clipped(text)}' is no column; the nearest are ${nearest}`);
  };
}

function columnOf(name: string): Column {
  return COLUMNS[name]!;
}
