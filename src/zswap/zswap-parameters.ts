/**
 * What an administrator writes to zswap's files while the machine runs, read into settings:
 * /sys/module/zswap/parameters, and memory.zswap.{max,writeback} of a cgroup.
 * @source linux 6.18 mm/zswap.c (module_param), lib/kstrtox.c (kstrtobool, kstrtouint), mm/memcontrol.c
 * (zswap_max_write, zswap_writeback_write), mm/page_counter.c (page_counter_memparse)
 *
 * Stricter than the kernel in one thing: what it would pass over behind a value is a mistake.
 */
import { compressorChoices, compressors, type Compressor } from '../codec/index.ts';
import { PAGE_SIZE } from '../units/index.ts';
import { generations, type ZswapParameterName, type ZswapVersion } from './generations.ts';

/** A setting that can be changed while the machine runs: /sys/module/zswap/parameters. */
export type ZswapParameter =
  | { readonly name: 'enabled' | 'shrinker_enabled'; readonly value: boolean }
  | {
      readonly name: 'max_pool_percent' | 'accept_threshold_percent' | 'max_compression_ratio';
      readonly value: number;
    }
  | { readonly name: 'compressor'; readonly value: Compressor };

/** The same as it is read: a compressor by its name. */
export type ZswapSetting =
  | Exclude<ZswapParameter, { readonly name: 'compressor' }>
  | { readonly name: 'compressor'; readonly value: string };

/** What is written to a file of one cgroup's. */
export type ZswapCgroupSetting =
  /** In bytes, rounded down to pages; Infinity for `max`. */
  | { readonly file: 'zswap.max'; readonly bytes: number }
  | { readonly file: 'zswap.writeback'; readonly isOn: boolean };

/** A setting, or what is accepted in its place. */
type Parsed<Setting> = Setting | { readonly accepted: string };

const U32_MAX = 0xffffffff;
const BOOLEANS = 'Y, N, 1, 0, on, off';

/** The files, each with the reader of its values. */
const readers: Readonly<Record<ZswapParameterName, (value: string) => Parsed<ZswapSetting>>> = {
  enabled: (value) => readBoolean('enabled', value),
  compressor: (value) =>
    Object.hasOwn(compressors, value)
      ? { name: 'compressor', value }
      : { accepted: compressorChoices(value).replace(/accepted: /, '') },
  max_pool_percent: (value) => readNumber('max_pool_percent', value),
  accept_threshold_percent: (value) => readNumber('accept_threshold_percent', value),
  max_compression_ratio: (value) => readNumber('max_compression_ratio', value),
  shrinker_enabled: (value) => readBoolean('shrinker_enabled', value),
};

const cgroupReaders: Readonly<
  Record<ZswapCgroupSetting['file'], (value: string) => Parsed<ZswapCgroupSetting>>
> = {
  'zswap.max': readMax,
  'zswap.writeback': (value) =>
    value === '0' || value === '1'
      ? { file: 'zswap.writeback', isOn: value === '1' }
      : { accepted: '0, 1' },
};

/**
 * Reads what is written to a parameter of the module.
 * @returns the setting, or in words what is wrong and what is accepted
 */
export function parseZswapSetting(parameter: string, value: string): ZswapSetting | string {
  if (!Object.hasOwn(readers, parameter)) return noFile(parameter, 'parameter', readers);
  const parsed = readers[parameter as ZswapParameterName](value);
  return 'accepted' in parsed ? refusal(parameter, value, parsed.accepted) : parsed;
}

/**
 * Reads what is written to a file of a cgroup's; `memory.` may stand in front of its name.
 * @returns the setting, or in words what is wrong and what is accepted
 */
export function parseZswapCgroupSetting(file: string, value: string): ZswapCgroupSetting | string {
  const name = file.replace(/^memory\./, '');
  if (!Object.hasOwn(cgroupReaders, name)) return noFile(file, 'file', cgroupReaders);
  const parsed = cgroupReaders[name as ZswapCgroupSetting['file']](value);
  return 'accepted' in parsed ? refusal(file, value, parsed.accepted) : parsed;
}

/** Why a version cannot be told this while it runs; null when it can. */
export function whyFixed(version: ZswapVersion, parameter: ZswapParameterName): string | null {
  const { parameters } = generations[version];
  if (parameters.includes(parameter)) return null;
  return (
    `zswap of ${version} cannot change ${parameter} while the machine runs; ` +
    `accepted: ${parameters.join(', ')}`
  );
}

/** kstrtobool: the first letter decides, behind an `o` the second; null for what it refuses. */
export function kernelBoolean(text: string): boolean | null {
  if (/^([yt1]|on)/i.test(text)) return true;
  if (/^([nf0]|of)/i.test(text)) return false;
  return null;
}

function readBoolean(
  name: 'enabled' | 'shrinker_enabled',
  text: string,
): Parsed<Exclude<ZswapSetting, { readonly value: string | number }>> {
  const value = kernelBoolean(text);
  return value === null ? { accepted: BOOLEANS } : { name, value };
}

/** kstrtouint with any base: 0x in front is hexadecimal, 0 octal. The kernel has no other limit. */
function readNumber(
  name: 'max_pool_percent' | 'accept_threshold_percent' | 'max_compression_ratio',
  text: string,
): Parsed<Extract<ZswapSetting, { readonly value: number }>> {
  const value = wholeNumber(text);
  if (value === null || value > U32_MAX) return { accepted: `a whole number, 0 to ${U32_MAX}` };
  return { name, value };
}

/** page_counter_memparse: `max`, or bytes with a unit, rounded down to pages. */
function readMax(text: string): Parsed<ZswapCgroupSetting> {
  if (text === 'max') return { file: 'zswap.max', bytes: Infinity };
  // A hexadecimal number may end in what is a unit elsewhere.
  const [, digits = '', unit = ''] = /^(0x[\da-f]+|\d+)([kmgtpe]?)$/i.exec(text) ?? [];
  const number = wholeNumber(digits);
  const bytes = (number ?? NaN) * 1024 ** ' kmgtpe'.indexOf(unit === '' ? ' ' : unit.toLowerCase());
  if (!Number.isSafeInteger(bytes)) return { accepted: 'max, or bytes, or with K, M, G, T, P, E' };
  return { file: 'zswap.max', bytes: bytes - (bytes % PAGE_SIZE) };
}

function wholeNumber(text: string): number | null {
  if (/^0x[\da-f]{1,13}$/i.test(text)) return Number(text);
  if (/^0[0-7]{0,15}$/.test(text)) return Number.parseInt(text, 8);
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}

function noFile(name: string, what: string, known: Readonly<Record<string, unknown>>): string {
  return `'${name}' is no ${what} of zswap; accepted: ${Object.keys(known).join(', ')}`;
}

function refusal(name: string, value: string, accepted: string): string {
  return `${name} '${value}' is not accepted; accepted: ${accepted}`;
}
