/** Keys of a spec with dots between their parts: what is one, and how its value is put in. */
import { clipped, nearestNames, UsageError } from '../units/index.ts';
import { specJsonSchema } from './spec.ts';

/** A spec that is not checked yet. */
export type Json = Record<string, unknown>;

/** Sets a key of a spec, given with dots between its parts; objects on the way are made. */
export function putAt(json: Json, path: string, value: unknown): void {
  const keys = path.split('.');
  if (keys.length > KEY_PARTS_MAX)
    throw new UsageError(
      `'${clipped(path)}': a key of the spec has at most ${KEY_PARTS_MAX} parts`,
    );
  let at: Json = json;
  for (const key of keys.slice(0, -1)) {
    checkStep(at, key, path);
    const next = Object.hasOwn(at, key) ? at[key] : undefined;
    if (typeof next === 'object' && next !== null) {
      at = next as Json;
    } else {
      const made: Json = Object.create(null) as Json;
      at[key] = made;
      at = made;
    }
  }
  checkStep(at, keys.at(-1)!, path);
  at[keys.at(-1)!] = value;
}

/** Parts of the longest key, with room. assumed */
const KEY_PARTS_MAX = 16;

/**
 * Refuses a part that would do something else than set a member: `__proto__`, and what makes a list
 * as long as its number says (`areas.4294967294`, `areas.length`).
 */
function checkStep(at: Json, key: string, path: string): void {
  const isElsewhere = Array.isArray(at) && !(/^\d{1,9}$/.test(key) && Number(key) <= at.length);
  if (key === '__proto__' || isElsewhere)
    throw new UsageError(
      `'${clipped(path)}': '${clipped(key)}' is no key of the spec there` +
        (isElsewhere ? `; accepted: 0 to ${(at as unknown as unknown[]).length}` : ''),
    );
}

/** A node of the spec's JSON Schema, as far as it is looked at here. */
interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

/**
 * Refuses what is no key of a spec.
 * @param option - what the error names
 * @throws UsageError with the nearest keys
 */
export function requireSpecKey(key: string, option: string): void {
  let nodes: readonly SchemaNode[] = [specJsonSchema() as SchemaNode];
  const parts = key.split('.');
  for (const [index, part] of parts.entries()) {
    const forms = nodes.flatMap((node) => [node, ...(node.anyOf ?? [])]);
    const members = forms.map(({ properties }) => properties ?? {});
    const items = /^\d+$/.test(part) ? forms.flatMap(({ items: item }) => item ?? []) : [];
    nodes = [
      ...members.flatMap((each) => (Object.hasOwn(each, part) ? [each[part]!] : [])),
      ...items,
    ];
    if (nodes.length > 0) continue;
    const before = parts.slice(0, index).map((each) => `${each}.`);
    const names = members.flatMap(Object.keys);
    const nearest = nearestNames(part, names, 3).map((name) => before.join('') + name);
    throw new UsageError(
      `${option}: '${clipped(key)}' is no key of a spec` +
        (nearest.length > 0 ? `; the nearest are ${nearest.join(', ')}` : ''),
    );
  }
}
