/**
 * JSON as the run database stores it: canonical text, its hash, and dotted parameters.
 *
 * Canonical means RFC 8785 (JCS) as far as a spec needs it: no white space, keys sorted by UTF-16
 * code units, numbers as ECMAScript prints them. Equal specs have equal text and equal hashes, on
 * every machine.
 */
import { createHash } from 'node:crypto';
import { assert } from '../units/index.ts';

export type JsonScalar = null | boolean | number | string;
export type JsonValue = JsonScalar | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** An object with keys: neither null nor a list. */
export function isObject(
  value: JsonValue | undefined,
): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The one text that stands for `value`; a number that JSON cannot hold is a bug. */
export function canonicalJson(value: JsonValue): string {
  if (typeof value === 'number') assert(Number.isFinite(value), 'a spec holds finite numbers');
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = sortedEntries(value).map(
    ([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`,
  );
  return `{${members.join(',')}}`;
}

/**
 * SHA-256 of the canonical text, 64 hex digits: equal specs, the name included, equal hash. Of an
 * access trace that the spec names by its own hash the path does not matter.
 */
export function specHash(spec: JsonValue): string {
  return createHash('sha256')
    .update(canonicalJson(withoutTracePath(spec)))
    .digest('hex');
}

function withoutTracePath(spec: JsonValue): JsonValue {
  const workload = isObject(spec) ? spec['workload'] : undefined;
  if (!isObject(workload) || workload['sha256'] === undefined) return spec;
  const { accesses: _, ...rest } = workload;
  return { ...(spec as { readonly [key: string]: JsonValue }), workload: rest };
}

/** One leaf of a spec under its dotted key. */
export interface Parameter {
  readonly key: string;
  readonly value: JsonScalar;
}

/**
 * The leaves of a spec, sorted as canonical JSON: `zswap.maxPoolPercent`, `areas.0.path`. A key
 * that itself holds a dot or a quote stands in quotes (`costs."lockAcquire.lru"`), so that no two
 * leaves share a key. An empty array or object is a leaf with the text `[]` or `{}`.
 */
export function flattenParameters(value: JsonValue, prefix = ''): Parameter[] {
  if (value === null || typeof value !== 'object') return [{ key: prefix, value }];
  const entries = isArray(value)
    ? value.map((member, index): [string, JsonValue] => [String(index), member])
    : sortedEntries(value);
  if (entries.length === 0) return [{ key: prefix, value: isArray(value) ? '[]' : '{}' }];
  return entries.flatMap(([name, member]) => {
    const step = /[."]/.test(name) ? JSON.stringify(name) : name;
    return flattenParameters(member, prefix === '' ? step : `${prefix}.${step}`);
  });
}

function sortedEntries(object: { readonly [key: string]: JsonValue }): [string, JsonValue][] {
  return Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Array.isArray does not narrow readonly arrays. */
function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
