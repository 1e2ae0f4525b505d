/**
 * Rules of faults: which kind, on which area, and when. One item of a list, as text
 * `kind,key=value,...` on the command line and in a spec.
 *
 * Kernel counterpart: fault injection by attributes in debugfs (lib/fault-inject.c: probability,
 * interval, times) and device-mapper's dm-flakey; the kinds are those of real disks.
 */
import { didYouMean, UsageError } from '../../units/index.ts';

export const FAULT_KINDS = [
  'eio-read',
  'eio-write',
  'torn-write',
  'lost-write',
  'misdirected-write',
  'bit-rot',
  'latent',
  'enospc',
  'stall',
  'short-read',
  'short-write',
  'slow',
  'gone',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** When a rule fires. Operations are those of the device that the kind is about, from 1 by area. */
export type FaultAddress =
  /** Drawn for each page that a matching operation transfers. */
  | { readonly by: 'ppm'; readonly ppm: number }
  /** The n-th matching operation, and then each `every` operations. */
  | { readonly by: 'nth'; readonly nth: number; readonly every: number | null }
  /** The first matching operation at or after this virtual time. */
  | { readonly by: 'time'; readonly atNs: number }
  /** Every matching operation that touches this slot (of a mapped area: this page of its device). */
  | { readonly by: 'page'; readonly slot: number }
  /** The first matching operation at or after this operation of the workload. */
  | { readonly by: 'operation'; readonly operation: number };

export interface FaultRule {
  readonly kind: FaultKind;
  /** Name of an area, or areaN; null: every area. */
  readonly area: string | null;
  readonly address: FaultAddress;
  /** Fires at most so often on each area; null: as its address has it. */
  readonly times: number | null;
  /** Of `stall` and `slow`: how long; null: as the kind has it. */
  readonly ns: number | null;
}

const KEYS = ['area', 'ppm', 'nth', 'every', 'time', 'page', 'operation', 'times', 'duration'];
const ADDRESS_KEYS = ['ppm', 'nth', 'time', 'page', 'operation'];
const UNITS_NS: readonly (readonly [string, number])[] = [
  ['s', 1e9],
  ['ms', 1e6],
  ['us', 1e3],
  ['ns', 1],
];

/**
 * Reads one rule.
 * @param where - option or key to name in the error
 * @throws UsageError that names what is accepted
 */
export function parseFaultRule(text: string, where: string): FaultRule {
  const fail = (what: string): never => {
    throw new UsageError(`${where}: '${text}': ${what}`);
  };
  const [name = '', ...parts] = text.split(',').map((part) => part.trim());
  const kind = FAULT_KINDS.find((each) => each === name);
  if (kind === undefined)
    return fail(
      `'${name}' is no kind of fault; accepted: ${FAULT_KINDS.join(', ')}` +
        didYouMean(name, FAULT_KINDS),
    );
  const values = new Map<string, string>();
  for (const part of parts) {
    const at = part.indexOf('=');
    const key = at < 0 ? part : part.slice(0, at);
    if (!KEYS.includes(key) || at < 0 || at === part.length - 1)
      fail(`'${part}' is not accepted; accepted: ${KEYS.map((each) => `${each}=…`).join(', ')}`);
    if (values.has(key)) fail(`${key} is given twice`);
    values.set(key, part.slice(at + 1));
  }
  const given = ADDRESS_KEYS.filter((key) => values.has(key));
  if (given.length > 1) fail(`${given.join(' and ')} exclude each other`);
  if (values.has('every') && given.length === 1 && given[0] !== 'nth')
    fail('every=N belongs to nth=N');
  const duration = values.get('duration');
  if (duration !== undefined && kind !== 'stall' && kind !== 'slow')
    fail('duration=… belongs to stall and slow');
  const read = { values, fail };
  return {
    kind,
    area: values.get('area') ?? null,
    address: readAddress(read, given[0] ?? 'nth'),
    times: values.has('times') ? readCount(read, 'times') : null,
    ns: duration === undefined ? null : readDuration(read, 'duration'),
  };
}

/** The rule as text that `parseFaultRule` reads back. */
export function formatFaultRule(rule: FaultRule): string {
  const parts: string[] = [rule.kind];
  if (rule.area !== null) parts.push(`area=${rule.area}`);
  parts.push(...formatAddress(rule.address));
  if (rule.times !== null) parts.push(`times=${rule.times}`);
  if (rule.ns !== null) parts.push(`duration=${formatDuration(rule.ns)}`);
  return parts.join(',');
}

interface Values {
  readonly values: ReadonlyMap<string, string>;
  readonly fail: (what: string) => never;
}

function readAddress(read: Values, key: string): FaultAddress {
  const { values, fail } = read;
  switch (key) {
    case 'ppm': {
      const text = values.get('ppm')!;
      const ppm = Number(text);
      if (!/^\d+(\.\d+)?$/.test(text) || ppm <= 0 || ppm > 1e6)
        fail(`ppm=${text} is not accepted; accepted: more than 0, up to 1000000`);
      return { by: 'ppm', ppm };
    }
    case 'time':
      return { by: 'time', atNs: readDuration(read, 'time') };
    case 'page':
      return { by: 'page', slot: readCount(read, 'page') };
    case 'operation':
      return { by: 'operation', operation: readCount(read, 'operation') };
    default:
      return {
        by: 'nth',
        nth: values.has('nth') ? readCount(read, 'nth') : 1,
        every: values.has('every') ? readCount(read, 'every') : null,
      };
  }
}

function formatAddress(address: FaultAddress): string[] {
  switch (address.by) {
    case 'ppm':
      return [`ppm=${address.ppm}`];
    case 'nth':
      return [`nth=${address.nth}`, ...(address.every === null ? [] : [`every=${address.every}`])];
    case 'time':
      return [`time=${formatDuration(address.atNs)}`];
    case 'page':
      return [`page=${address.slot}`];
    case 'operation':
      return [`operation=${address.operation}`];
  }
}

/** A whole number from 1: slot 0 is the header, and operations are counted from 1. */
function readCount({ values, fail }: Values, key: string): number {
  const text = values.get(key)!;
  if (!/^\d{1,15}$/.test(text) || Number(text) < 1)
    fail(`${key}=${text} is not accepted; accepted: a whole number from 1`);
  return Number(text);
}

function readDuration({ values, fail }: Values, key: string): number {
  const text = values.get(key)!;
  const [, number, unit = 'ns'] = /^(\d+(?:\.\d+)?)(ns|us|ms|s)?$/.exec(text) ?? [];
  if (number === undefined)
    fail(`${key}=${text} is not accepted; accepted: a number with ns, us, ms or s, such as 10s`);
  const ns = Math.round(Number(number) * UNITS_NS.find(([name]) => name === unit)![1]);
  if (!Number.isSafeInteger(ns)) fail(`${key}=${text} is longer than a clock runs`);
  return ns;
}

function formatDuration(ns: number): string {
  const [unit, size] = UNITS_NS.find(([, each]) => ns % each === 0)!;
  return `${ns / size}${unit}`;
}
