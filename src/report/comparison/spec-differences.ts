/** By which keys specs of runs differ. */
import { canonicalJson, isObject, type JsonValue } from '../../runs/index.ts';
import { parseSize } from '../../units/index.ts';

export interface SpecDifference {
  /** Dots between its parts; lists are compared as a whole. */
  readonly key: string;
  /** One per spec; undefined where it has no such key. */
  readonly values: readonly (JsonValue | undefined)[];
}

type JsonObject = Readonly<Record<string, JsonValue>>;

/** Keys that tell runs of one column apart, not columns. */
const KEYS_OF_RUNS: readonly string[] = ['name', 'seed'];

/** What a resolved spec says of the machine that it ran on, which no spec sets. */
const RESOLVED_KEYS: readonly string[] = ['areasHeld', 'costs'];

/** Objects that differ as a whole: a device profile is another device, whichever number it is by. */
const WHOLE_KEYS: readonly string[] = ['device'];

/** A resolved spec as it was before it was resolved, so that it can be run again. */
export function unresolved(stored: JsonValue): JsonObject {
  const spec = without(asObject(stored), RESOLVED_KEYS);
  if (!isObject(spec['zswap'])) return spec;
  return { ...spec, zswap: without(spec['zswap'], ['compressorVersion']) };
}

/** What a column's runs have in common: a spec without what tells them apart. */
export function columnSpec(stored: JsonValue): JsonObject {
  return without(asObject(stored), KEYS_OF_RUNS);
}

/** The keys by which specs of columns differ, in the order of the specs. */
export function specDifferences(specs: readonly JsonValue[]): SpecDifference[] {
  return objectDifferences(specs.map(columnSpec), '');
}

/**
 * The keys by which objects differ, whatever they are.
 * @param prefix - key of the objects themselves; empty at the top
 */
export function objectDifferences(specs: readonly JsonValue[], prefix: string): SpecDifference[] {
  const objects = specs.map(asObject);
  const names = [...new Set(objects.flatMap((each) => Object.keys(each)))];
  return names.flatMap((name): SpecDifference[] => {
    const values = objects.map((each) => (Object.hasOwn(each, name) ? each[name] : undefined));
    const key = prefix === '' ? name : `${prefix}.${name}`;
    if (values.every(isObject) && !WHOLE_KEYS.includes(key)) return objectDifferences(values, key);
    return areEqual(values.map((value) => inBytes(key, value))) ? [] : [{ key, values }];
  });
}

/** Sizes that may be given as text are compared by what they are: `16M` is 16777216. */
const SIZES: readonly string[] = ['machine.ram', 'machine.memory'];

function inBytes(key: string, value: JsonValue | undefined): JsonValue | undefined {
  return typeof value === 'string' && SIZES.includes(key) ? parseSize(value, key) : value;
}

function areEqual(values: readonly (JsonValue | undefined)[]): boolean {
  const texts = values.map((value) => (value === undefined ? '' : canonicalJson(value)));
  return texts.every((text) => text === texts[0]);
}

/** A spec that is none, such as one of another program, has no keys. */
function asObject(value: JsonValue): JsonObject {
  return isObject(value) ? value : {};
}

function without(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}
