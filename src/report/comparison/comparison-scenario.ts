/** A comparison as a scenario file that repeats it: `swaplab compare --scenario FILE`. */
import { isObject, type JsonValue } from '../../runs/index.ts';
import type { ComparedColumn, MeasuredRun } from './comparison.ts';
import {
  columnSpec,
  objectDifferences,
  unresolved,
  type SpecDifference,
} from './spec-differences.ts';

type JsonObject = Readonly<Record<string, JsonValue>>;

/**
 * Makes a scenario file out of the resolved specs of columns: what they have in common stands in
 * `spec`, what differs in the columns, the seeds beside them. Areas that were active when a run began
 * are named by their paths, which must be there again.
 * @returns the file's JSON
 */
export function comparisonScenario(columns: readonly ComparedColumn[]): unknown {
  const specs = columns.map(({ runs }) => columnSpec(repeatable(runs[0]!)));
  const differences = objectDifferences(specs, '');
  const seeds = columns.map(({ runs }) => runs.map(({ seed }) => seed));
  const common = seeds.every((each) => each.join() === seeds[0]!.join());
  return {
    title: `comparison of ${columns.map(({ label }) => label).join('; ')}`,
    question: 'What do these columns differ in?',
    columns: columns.map(({ label }, index) => ({
      label,
      set: settingsOf(differences, index),
      ...(common ? {} : { seeds: seeds[index] }),
    })),
    ...(common ? { seeds: seeds[0] } : {}),
    spec: withoutKeys(specs[0]!, new Set(differences.map(({ key }) => key)), ''),
  };
}

function settingsOf(differences: readonly SpecDifference[], index: number): JsonObject {
  return Object.fromEntries(
    differences.flatMap(({ key, values }): [string, JsonValue][] =>
      values[index] === undefined ? [] : [[key, values[index]]],
    ),
  );
}

/** What a spec has besides these keys. */
function withoutKeys(object: JsonObject, keys: ReadonlySet<string>, prefix: string): JsonObject {
  return Object.fromEntries(
    Object.entries(object).flatMap(([name, value]): [string, JsonValue][] => {
      const key = prefix === '' ? name : `${prefix}.${name}`;
      if (keys.has(key)) return [];
      return [[name, isObject(value) ? withoutKeys(value, keys, key) : value]];
    }),
  );
}

/** A stored spec as it can be run: with the areas that it took from the table of active ones. */
function repeatable({ spec }: MeasuredRun): JsonObject {
  const rest = unresolved(spec);
  const held = isObject(spec) ? spec['areasHeld'] : undefined;
  const isOwn = rest['noAreas'] === true || !isEmpty(rest['areas']);
  if (isOwn || !Array.isArray(held) || held.length === 0) return rest;
  const areas = (held as readonly JsonValue[]).filter(isObject).map(activeArea);
  return { ...rest, areas };
}

function activeArea({ name, priority, device, on }: JsonObject): JsonObject {
  return {
    ...(name === undefined ? {} : { path: name }),
    // Below 0 the kernel chooses, by the order of the areas.
    ...(typeof priority === 'number' && priority >= 0 ? { priority } : {}),
    ...(device === undefined ? {} : { device }),
    ...(on === undefined ? {} : { on }),
  };
}

function isEmpty(list: JsonValue | undefined): boolean {
  return !Array.isArray(list) || list.length === 0;
}
