/**
 * The columns of a comparison: one base spec, and for each column the keys that it sets. Designs are
 * columns that set `design`, settings that are varied set one key or several; a scenario's columns set
 * whatever it says; what comes of them is the same.
 */
import { parseSpec, putAt, type Json, type RunSpec } from '../src/machine/index.ts';
import { chooseDesign } from '../src/swap/index.ts';
import { settingLabel, uniqueLabels } from '../src/report/comparison/index.ts';
import { didYouMean, PAGE_SIZE, UsageError } from '../src/units/index.ts';
import type { VariedSetting } from './compare-vary.ts';
import { readDeviceFiles } from './device-choice.ts';
import { applySetting, readJson } from './run-options.ts';
import { buildWorkload } from './runner.ts';
import type { NamedScenario } from './scenarios.ts';

/** One column, checked. */
export interface Column {
  /** NAME or NAME:REVISION of a design, or what a scenario calls it. */
  readonly label: string;
  readonly spec: RunSpec;
  /** Those of the column itself; null: as all columns. */
  readonly seeds: readonly number[] | null;
}

/** What one column does otherwise than the others. */
export interface Difference {
  readonly label: string;
  /** Keys of the spec, dots between their parts, and their values. */
  readonly set: Readonly<Record<string, unknown>>;
  /** The pool of zswap holds every page: the column cannot write back. */
  readonly hasRoom: boolean;
  readonly seeds?: readonly number[] | undefined;
}

/** What a column list means for a base spec. */
export interface Differences {
  readonly columns: readonly Difference[];
  /** What people should know of how columns were made. */
  readonly notes: readonly string[];
}

/**
 * A column for each design.
 * @param labels - NAME or NAME:REVISION
 * @param base - the spec of all
 * @param samePool - designs that cannot write back get no larger pool
 */
export function designDifferences(
  labels: readonly string[],
  base: Json,
  samePool: boolean,
): Differences {
  if (new Set(labels).size < labels.length)
    throw new UsageError(`--designs: '${labels.join(',')}' names one twice`);
  const notes: string[] = [];
  const columns = labels.map((label): Difference => {
    const choice = chooseDesign(label, '--designs');
    const isBare = choice.kind.areas === 'growing' && 'areas' in base;
    if (isBare)
      notes.push(`${label} runs on its own device; the areas that were given are not used`);
    return {
      label,
      set: {
        design: choice.name,
        revision: choice.revision,
        ...(isBare ? { areas: [], noAreas: true } : {}),
      },
      hasRoom: !choice.kind.writesBack && !samePool,
    };
  });
  return { columns, notes };
}

/**
 * Each column once for each value of a setting.
 * @param isAlone - the columns before have no name that needs to be told
 */
export function variedDifferences(
  { columns, notes }: Differences,
  settings: readonly VariedSetting[],
  isAlone: boolean,
): Differences {
  const isBare = !isAlone && settings.length === 1;
  const varied = settings.reduce<readonly (Difference & { readonly parts: readonly string[] })[]>(
    (before, { key, values }) =>
      before.flatMap((each) =>
        values.map((value) => ({
          ...each,
          set: { ...each.set, [key]: value },
          hasRoom: each.hasRoom && !POOL_KEYS.includes(key),
          parts: [...each.parts, settingLabel(key, value, isBare)],
        })),
      ),
    columns.map((each) => ({ ...each, parts: isAlone ? [] : [each.label] })),
  );
  const labels = uniqueLabels(varied.map(({ parts }) => parts.join(', ')));
  return { columns: varied.map((each, index) => ({ ...each, label: labels[index]! })), notes };
}

/**
 * The columns of a scenario.
 * @param base - its spec, with what options changed
 * @throws UsageError when an option changed what the columns differ by
 */
export function scenarioDifferences(scenario: NamedScenario, base: Json): Differences {
  const columns = scenario.columns.map(({ label, set, seeds }): Difference => {
    for (const key of Object.keys(set)) {
      const [given, now] = [valueAt(scenario.spec, key), valueAt(base, key)];
      if (JSON.stringify(given) !== JSON.stringify(now))
        throw new UsageError(
          `compare: '${key}' is among what the columns of ${scenario.name} differ by; ` +
            `to change it in one: --for '${label}:${key}=VALUE'`,
        );
    }
    return { label, set, hasRoom: false, seeds };
  });
  return { columns, notes: [] };
}

/**
 * Makes the columns: the base, then what the column sets, then what --for sets in it.
 * @param where - what to name in errors about a column's spec
 */
export function makeColumns(
  base: Json,
  differences: Differences,
  settings: readonly string[],
  where: (label: string) => string,
): { readonly columns: readonly Column[]; readonly notes: readonly string[] } {
  const notes = [...differences.notes];
  const labels = differences.columns.map(({ label }) => label);
  const columns = differences.columns.map(({ label, set, hasRoom, seeds }): Column => {
    const json = structuredClone(base);
    for (const [key, value] of Object.entries(set)) putAt(json, key, structuredClone(value));
    applyFor(json, settings, label, labels);
    readDeviceFiles(json, readJson);
    const spec = parseSpec(json, where(label));
    const needsRoom = hasRoom && !setsPool(settings, label, labels);
    return { label, spec: needsRoom ? withRoom(spec, notes, label) : spec, seeds: seeds ?? null };
  });
  return { columns, notes };
}

function valueAt(json: Readonly<Record<string, unknown>>, path: string): unknown {
  let at: unknown = json;
  for (const key of path.split('.')) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Json)[key];
  }
  return at;
}

/** Settings of --for that name this column; an unknown name is an error once. */
function applyFor(
  json: Json,
  settings: readonly string[],
  label: string,
  labels: readonly string[],
): void {
  for (const setting of settings) {
    const { names, assignment } = splitFor(setting, labels);
    if (names.includes(label)) applySetting(json, assignment);
  }
}

interface ColumnSetting {
  readonly names: readonly string[];
  /** KEY=VALUE. */
  readonly assignment: string;
}

/** LABEL[,LABEL]:KEY=VALUE; a label may hold colons, commas and equal signs itself. */
function splitFor(setting: string, labels: readonly string[]): ColumnSetting {
  for (const { index } of setting.matchAll(/:[^:=,]+=/g)) {
    const names = labelsOf(setting.slice(0, index), labels);
    if (names !== null) return { names, assignment: setting.slice(index + 1) };
  }
  const equals = setting.indexOf('=');
  const colon = setting.lastIndexOf(':', equals < 0 ? undefined : equals);
  if (equals < 0 || colon <= 0)
    throw new UsageError(`--for: '${setting}' is not COLUMN[,COLUMN]:KEY=VALUE`);
  const given = setting.slice(0, colon);
  const unknown = given.split(',').find((name) => !labels.includes(name)) ?? given;
  throw new UsageError(
    `--for: '${unknown}' is not compared; accepted: ${labels.map(quotedLabel).join(', ')}` +
      didYouMean(unknown, labels),
  );
}

/** A list with commas between as labels; null where it is none. */
function labelsOf(text: string, labels: readonly string[]): string[] | null {
  if (labels.includes(text)) return [text];
  for (const label of labels) {
    if (!text.startsWith(`${label},`)) continue;
    const rest = labelsOf(text.slice(label.length + 1), labels);
    if (rest !== null) return [label, ...rest];
  }
  return null;
}

function quotedLabel(label: string): string {
  return label.includes(',') ? `'${label}'` : label;
}

/** Settings of the pool of zswap. */
const POOL_KEYS: readonly string[] = ['machine.ram', 'zswap.maxPoolPercent'];

/** The pool of this column was chosen by hand. */
function setsPool(settings: readonly string[], label: string, labels: readonly string[]): boolean {
  return settings.some((setting) => {
    const { names, assignment } = splitFor(setting, labels);
    return names.includes(label) && POOL_KEYS.some((key) => assignment.startsWith(`${key}=`));
  });
}

/** A pool that holds every page of the workload, even if none can be compressed. */
function withRoom(spec: RunSpec, notes: string[], label: string): RunSpec {
  const workload = buildWorkload(spec);
  // As much again for children that write to their copies.
  const pages = 2 * workload.taskCount * workload.pagesPerTask + workload.sharedPages;
  const ram = Math.max(pages, 1024) * PAGE_SIZE;
  notes.push(
    `${label} cannot write back: its pool of zswap holds every page; --same-pool gives it that of ` +
      'the others',
  );
  return {
    ...spec,
    machine: { ...spec.machine, ram },
    zswap: { ...spec.zswap, enabled: true, maxPoolPercent: 100 },
  };
}
