/** Columns of a comparison out of runs that are there, and what to call them. */
import { canonicalJson, isObject, specHash, type JsonValue } from '../../runs/index.ts';
import type { ComparedColumn, MeasuredRun } from './comparison.ts';
import {
  columnSpec,
  specDifferences,
  unresolved,
  type SpecDifference,
} from './spec-differences.ts';

/** Letters of the longest label; more are cut off. assumed */
const LABEL_LENGTH_MAX = 48;

/**
 * Runs as columns: those of one spec, but for seed and name, are one; columns come in the order of
 * their first runs. Of runs with the same seed, which are the same run again, the last one counts.
 */
export function groupRuns(runs: readonly MeasuredRun[]): ComparedColumn[] {
  const groups = new Map<string, Map<number, MeasuredRun>>();
  for (const run of runs) {
    const hash = specHash(columnSpec(run.spec));
    const group = groups.get(hash) ?? new Map<number, MeasuredRun>();
    groups.set(hash, group.set(run.seed, run));
  }
  const columns = [...groups.values()].map((bySeed) => [...bySeed.values()]);
  const labels = columnLabels(columns);
  return columns.map((each, index) => ({ label: labels[index]!, runs: each }));
}

/** What columns are called: as they were when they were compared, or else by what they differ by. */
function columnLabels(columns: readonly (readonly MeasuredRun[])[]): string[] {
  return labelsOfNames(columns) ?? labelsOfSettings(columns.map((runs) => runs[0]!));
}

/** Of runs that one comparison made and named `COMPARISON: LABEL`; null of others. */
function labelsOfNames(columns: readonly (readonly MeasuredRun[])[]): string[] | null {
  const names = columns.flatMap((runs) => {
    const own = new Set(runs.map(nameOf));
    return own.size === 1 ? [...own] : [];
  });
  if (names.length < columns.length) return null;
  const labels = withoutPrefix(names);
  return labels !== null && new Set(labels).size === labels.length ? labels : null;
}

/** Names without the longest `COMPARISON: ` that all of them begin with; null where they share none. */
function withoutPrefix(names: readonly string[]): string[] | null {
  const [first] = names as [string];
  for (let end = first.lastIndexOf(': '); end > 0; end = first.lastIndexOf(': ', end - 1)) {
    const prefix = first.slice(0, end + 2);
    if (names.every((name) => name.startsWith(prefix) && name.length > prefix.length))
      return names.map((name) => name.slice(prefix.length));
  }
  return null;
}

function nameOf({ spec }: MeasuredRun): string {
  const name = isObject(spec) ? spec['name'] : undefined;
  return typeof name === 'string' ? name : '';
}

/** No two alike. */
function labelsOfSettings(firsts: readonly MeasuredRun[]): string[] {
  const differences = specDifferences(firsts.map(({ spec }) => unresolved(spec)));
  const others = differences.filter(({ key }) => !isOfDesign(key));
  // A pool or areas of its own are what a design came with, unless they are the point.
  const [settings, hasDesign] = [others.filter(isShort), others.length < differences.length];
  const said = settings.length > 0 && !areTold(firsts) ? settings : [];
  const labels = firsts.map((run, index) => {
    const parts = [
      ...(hasDesign || said.length === 0 ? [designOf(run, firsts)] : []),
      ...said.flatMap(({ key, values }) =>
        values[index] === undefined
          ? []
          : [settingLabel(key, values[index], hasDesign && said.length === 1)],
      ),
    ];
    return parts.length === 0 ? 'default' : parts.join(', ');
  });
  return uniqueLabels(labels);
}

/** The designs alone tell the columns apart. */
function areTold(runs: readonly MeasuredRun[]): boolean {
  return new Set(runs.map((run) => designOf(run, runs))).size === runs.length;
}

/** With its revision where there is another one of the same design. */
function designOf(run: MeasuredRun, all: readonly MeasuredRun[]): string {
  const revision = revisionOf(run);
  const isTold = all.some((each) => each.design === run.design && revisionOf(each) !== revision);
  return isTold && revision !== null ? `${run.design}:${revision}` : run.design;
}

function revisionOf({ spec }: MeasuredRun): string | null {
  const revision = isObject(spec) ? spec['revision'] : undefined;
  return typeof revision === 'string' ? revision : null;
}

function isOfDesign(key: string): boolean {
  return key === 'design' || key === 'revision';
}

/** Lists and traces are no labels; a device profile has a name. */
function isShort({ values }: SpecDifference): boolean {
  return values.every((value) => {
    const text = textOf(value);
    return text === null ? typeof value !== 'object' : text.length <= 24;
  });
}

/**
 * `maxPoolPercent=10`, by the last part of the key.
 * @param isBare - only the value: a reader sees what it is of
 */
export function settingLabel(key: string, value: unknown, isBare: boolean): string {
  const text = textOf(value) ?? JSON.stringify(value);
  const name = key.split('.').at(-1)!;
  return isBare && typeof value !== 'boolean' ? text : `${name}=${text}`;
}

/** Text as it is, of a device profile its name; null for anything else. */
function textOf(value: unknown): string | null {
  const name = isObject(value as JsonValue) ? (value as { readonly name?: unknown }).name : value;
  return typeof name === 'string' ? name : null;
}

/** Labels that fit a header; those that are alike get a number. */
export function uniqueLabels(labels: readonly string[]): string[] {
  const seen = new Set<string>();
  return labels.map((label) => {
    const short =
      label.length <= LABEL_LENGTH_MAX ? label : `${label.slice(0, LABEL_LENGTH_MAX - 1)}…`;
    let unique = short;
    for (let number = 2; seen.has(unique); number++) unique = `${short} (${number})`;
    seen.add(unique);
    return unique;
  });
}

/** A value of a spec for people, on one line. */
export function specValueText(value: JsonValue | undefined): string {
  if (value === undefined) return '-';
  return typeof value === 'string' ? value : canonicalJson(value);
}
