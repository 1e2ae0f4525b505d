/**
 * The columns of a comparison: one base spec, and for each column the keys that it sets. Designs are
 * columns that set `design`; a scenario's columns set whatever it says; what comes of them is the same.
 */
import { parseSpec, type RunSpec } from '../src/machine/index.ts';
import { chooseDesign } from '../src/swap/index.ts';
import { PAGE_SIZE, UsageError } from '../src/units/index.ts';
import { applySetting, putAt, type Json } from './run-options.ts';
import { buildWorkload } from './runner.ts';
import type { NamedScenario } from './scenarios.ts';

/** One column, checked. */
export interface Column {
  /** NAME or NAME:REVISION of a design, or what a scenario calls it. */
  readonly label: string;
  readonly spec: RunSpec;
}

/** What one column does otherwise than the others. */
export interface Difference {
  readonly label: string;
  /** Keys of the spec, dots between their parts, and their values. */
  readonly set: Readonly<Record<string, unknown>>;
  /** The pool of zswap holds every page: the column cannot write back. */
  readonly hasRoom: boolean;
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
 * The columns of a scenario.
 * @param base - its spec, with what options changed
 * @throws UsageError when an option changed what the columns differ by
 */
export function scenarioDifferences(scenario: NamedScenario, base: Json): Differences {
  const columns = scenario.columns.map(({ label, set }): Difference => {
    for (const key of Object.keys(set)) {
      const [given, now] = [valueAt(scenario.spec, key), valueAt(base, key)];
      if (JSON.stringify(given) !== JSON.stringify(now))
        throw new UsageError(
          `compare: '${key}' is among what the columns of ${scenario.name} differ by; ` +
            `to change it in one: --for '${label}:${key}=VALUE'`,
        );
    }
    const name = base['name'] ?? `${scenario.name}: ${label}`;
    return { label, set: { ...set, name }, hasRoom: false };
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
  const columns = differences.columns.map(({ label, set, hasRoom }): Column => {
    const json = structuredClone(base);
    for (const [key, value] of Object.entries(set)) putAt(json, key, structuredClone(value));
    applyFor(json, settings, label, labels);
    const spec = parseSpec(json, where(label));
    const needsRoom = hasRoom && !setsPool(settings, label);
    return { label, spec: needsRoom ? withRoom(spec, notes, label) : spec };
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

/** Settings of --for that name this design; an unknown name is an error once. */
function applyFor(
  json: Json,
  settings: readonly string[],
  label: string,
  labels: readonly string[],
): void {
  for (const setting of settings) {
    const { names, assignment } = splitFor(setting);
    const unknown = names.find((name) => !labels.includes(name));
    if (unknown !== undefined)
      throw new UsageError(`--for: '${unknown}' is not compared; accepted: ${labels.join(', ')}`);
    if (names.includes(label)) applySetting(json, assignment);
  }
}

/** DESIGN[,DESIGN]:KEY=VALUE; a design may hold a colon itself. */
function splitFor(setting: string): { readonly names: string[]; readonly assignment: string } {
  const equals = setting.indexOf('=');
  const colon = setting.lastIndexOf(':', equals < 0 ? undefined : equals);
  if (equals < 0 || colon <= 0)
    throw new UsageError(`--for: '${setting}' is not DESIGN[,DESIGN]:KEY=VALUE`);
  return { names: setting.slice(0, colon).split(','), assignment: setting.slice(colon + 1) };
}

/** The pool of this design was chosen by hand. */
function setsPool(settings: readonly string[], label: string): boolean {
  return settings.some((setting) => {
    const { names, assignment } = splitFor(setting);
    return names.includes(label) && /^(machine\.ram|zswap\.maxPoolPercent)=/.test(assignment);
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
