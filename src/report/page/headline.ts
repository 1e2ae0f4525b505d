/** What was run, in a sentence or two, out of the stored specs. */
import { parseSize, UsageError } from '../../units/index.ts';
import { isObject, type JsonValue } from '../../runs/index.ts';
import { quantityText } from '../charts/quantity.ts';
import type { PageColumn } from './columns.ts';
import { capital, counted, listed, sharedText } from './words.ts';

/** The part of a stored spec under a key; empty where there is none. */
function part(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isObject(value) ? value[key] : undefined;
}

/** The whole as sentences. */
export function headline(columns: readonly PageColumn[]): string {
  const of = (text: (spec: JsonValue) => string): string =>
    sharedText(columns, ({ shown }) => text(shown.spec));
  const many = columns.length > 1;
  const who = many
    ? `${columns.length} ways: ${listed(columns.map(({ label }) => label))}`
    : `under the swap design ${columns[0]!.shown.design}`;
  const zswap = of(zswapText);
  const faults = columns.every(({ shown }) => faultsText(shown.spec) === '')
    ? ''
    : of((spec) => faultsText(spec) || 'none');
  return [
    `${capital(of(workloadText))} was run ${who}. `,
    `Memory: ${of(memoryText)}. Swap: ${of(swapText)}, device ${of(deviceText)}. `,
    `zswap: ${zswap}. `,
    faults === '' ? '' : `Faults of devices: ${faults}. `,
    `${capital(seedsText(columns))}.`,
  ].join('');
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** Of a built-in workload; empty where a trace was run. */
export function workloadName(spec: JsonValue): string {
  return text(part(part(spec, 'workload'), 'name'));
}

function workloadText(spec: JsonValue): string {
  const workload = part(spec, 'workload');
  const name = workloadName(spec);
  if (name !== '') {
    const words = part(workload, 'arguments');
    const given = Array.isArray(words) ? (words as JsonValue[]).map(text) : [];
    return `the workload ‘${[name, ...given].join(' ')}’`;
  }
  const accesses = text(part(workload, 'accesses')).split('/').at(-1)!;
  if (accesses !== '') return `the access trace ‘${accesses}’`;
  const source = text(part(workload, 'source')).split('/').at(-1)!;
  return `the trace ${source === '' ? '' : `‘${source}’ `}(${linesText(text(part(workload, 'trace')))})`;
}

/** How long a trace is. */
export function linesText(trace: string): string {
  return counted(trace.split('\n').filter((line) => line.trim() !== '').length, 'line');
}

/** A size of a spec, which has bytes or text such as 512M. */
export function sizeText(value: JsonValue | undefined): string {
  try {
    return quantityText('bytes', parseSize(text(value), 'size'));
  } catch (error) {
    if (error instanceof UsageError) return text(value);
    throw error;
  }
}

function memoryText(spec: JsonValue): string {
  const machine = part(spec, 'machine');
  const ram = `a machine of ${sizeText(part(machine, 'ram'))}`;
  const groups = part(machine, 'cgroups');
  if (Array.isArray(groups)) return `${counted(groups.length, 'memory cgroup')} on ${ram}`;
  const limit = part(machine, 'memory');
  return limit === undefined ? `all of ${ram}` : `a cgroup of ${sizeText(limit)} on ${ram}`;
}

function swapText(spec: JsonValue): string {
  const areas = part(spec, 'areas');
  if (Array.isArray(areas) && areas.length > 0) return areasText(areas as JsonValue);
  const held = part(spec, 'areasHeld');
  const count = Array.isArray(held) ? held.length : 0;
  if (part(spec, 'noAreas') === true || count === 0) return areasText([]);
  return counted(count, 'active area');
}

/** The areas of a spec in words. */
export function areasText(value: JsonValue): string {
  const areas = Array.isArray(value) ? (value as JsonValue[]) : [];
  return areas.length === 0 ? 'no file, a device of its own' : listed(areas.map(areaText));
}

function areaText(area: JsonValue): string {
  const isGhost = part(area, 'ghost') === true;
  const path = text(part(area, 'path'));
  const size = part(area, 'size');
  const kind = part(area, 'zram') !== undefined ? 'zram' : isGhost ? 'ghost area' : 'area';
  if (size !== undefined) return `${kind === 'area' ? 'an' : 'a'} ${kind} of ${sizeText(size)}`;
  return `the ${kind} ${path.split('/').at(-1)!}`;
}

function deviceText(spec: JsonValue): string {
  const device = part(spec, 'device');
  // One of the user's own stands there whole.
  return text(device) || text(part(device, 'name')) || 'not told';
}

function zswapText(spec: JsonValue): string {
  const zswap = part(spec, 'zswap');
  if (part(zswap, 'enabled') !== true) return 'off';
  const percent = text(part(zswap, 'maxPoolPercent'));
  const compressor = text(part(zswap, 'compressor'));
  const pool = text(part(zswap, 'zpool'));
  return `${compressor} in ${pool}, at most ${percent} % of the machine's memory`;
}

/** Rules as they were given; empty without any. */
function faultsText(spec: JsonValue): string {
  const rules = part(spec, 'faults');
  return Array.isArray(rules) ? listed((rules as JsonValue[]).map(text)) : '';
}

function seedsText(columns: readonly PageColumn[]): string {
  const seeds = sharedText(columns, ({ runs }) => {
    const all = runs.map(({ seed }) => seed);
    const isRange = all.length > 2 && all.every((seed, index) => seed === all[0]! + index);
    return isRange ? `${all[0]!} to ${all.at(-1)!}` : listed(all.map(String));
  });
  const runs = columns.reduce((sum, { runs: own }) => sum + own.length, 0);
  const isOne = columns.every(({ runs: own }) => own.length === 1);
  return `${isOne ? 'seed' : 'seeds'} ${seeds}; ${counted(runs, 'run')}`;
}
