/**
 * What an administrator writes to the files of /sys/block/zramN, read into settings.
 * @source linux 6.18 drivers/block/zram/zram_drv.c (idle_store, writeback_store, recompress_store, …);
 * Documentation/admin-guide/blockdev/zram.rst
 *
 * Ages of `idle` are accesses of the device, where the kernel has seconds: no clock is read here.
 * Stricter than the kernel in one thing: a word that it would pass over is a mistake.
 */
import { PAGE_SIZE } from '../../units/index.ts';
import { ZRAM } from './slot-table.ts';

/** Slots of a range, both ends included. */
export interface SlotRange {
  readonly first: number;
  readonly last: number;
}

export interface ZramWritebackSetting {
  readonly attribute: 'writeback';
  /** Flags that a slot must all have. */
  readonly flags: number;
  /** Which slots; empty for all. */
  readonly ranges: readonly SlotRange[];
}

export interface ZramRecompressSetting {
  readonly attribute: 'recompress';
  /** Flags that a slot must all have. */
  readonly flags: number;
  /** Only objects of at least so many bytes, and only what becomes smaller than that; 0 is all. */
  readonly threshold: number;
  /** Tries; Infinity for no limit. */
  readonly maxPages: number;
  readonly algorithm: string | null;
  readonly priority: number | null;
}

/** What a write to one of the files asks for. */
export type ZramSetting =
  /** `age`: accesses of the device since a slot's last one; null for all slots. */
  | { readonly attribute: 'idle'; readonly age: number | null }
  | ZramWritebackSetting
  | ZramRecompressSetting
  | { readonly attribute: 'compact' | 'mem_used_max' }
  | {
      /** Pages of 4 KiB: of the pool, of the budget, of a batch. */
      readonly attribute: 'mem_limit' | 'writeback_limit' | 'writeback_batch_size';
      readonly pages: number;
    }
  | { readonly attribute: 'writeback_limit_enable'; readonly isOn: boolean };

/** A setting, or what is accepted in its place. */
type Parsed = ZramSetting | { readonly accepted: string };

const WRITEBACK_FLAGS: Readonly<Record<string, number>> = {
  idle: ZRAM.IDLE,
  huge: ZRAM.HUGE,
  huge_idle: ZRAM.HUGE | ZRAM.IDLE,
  incompressible: ZRAM.INCOMPRESSIBLE,
};
const RECOMPRESS_FLAGS: Readonly<Record<string, number>> = {
  idle: ZRAM.IDLE,
  huge: ZRAM.HUGE,
  huge_idle: ZRAM.HUGE | ZRAM.IDLE,
};

/** The files, each with the reader of its values. */
const readers: Readonly<Record<ZramSetting['attribute'], (value: string) => Parsed>> = {
  idle: readIdle,
  writeback: readWriteback,
  recompress: readRecompress,
  compact: (value) => (value === '' ? { accepted: 'any word, such as 1' } : onlyName('compact')),
  mem_limit: readMemLimit,
  mem_used_max: (value) => (value === '0' ? onlyName('mem_used_max') : { accepted: '0' }),
  writeback_limit: (value) => readPages('writeback_limit', value, 0),
  writeback_limit_enable: (value) =>
    value === '0' || value === '1'
      ? { attribute: 'writeback_limit_enable', isOn: value === '1' }
      : { accepted: '0, 1' },
  writeback_batch_size: (value) => readPages('writeback_batch_size', value, 1),
};

/** The files that can be written. */
export const ZRAM_ATTRIBUTES: readonly string[] = Object.keys(readers);

/** Pages of the largest batch: their buffers are taken at once. */
const BATCH_PAGES_MAX = 4096;

/**
 * Reads what is written to a file.
 * @returns the setting, or in words what is wrong and what is accepted
 */
export function parseZramSetting(attribute: string, value: string): ZramSetting | string {
  if (!Object.hasOwn(readers, attribute))
    return `'${attribute}' is no attribute; accepted: ${ZRAM_ATTRIBUTES.join(', ')}`;
  const parsed = readers[attribute as ZramSetting['attribute']](value);
  if ('attribute' in parsed) return parsed;
  return `${attribute} '${value}' is not accepted; accepted: ${parsed.accepted}`;
}

function onlyName(attribute: 'compact' | 'mem_used_max'): ZramSetting {
  return { attribute };
}

function readIdle(value: string): Parsed {
  if (value === 'all') return { attribute: 'idle', age: null };
  const age = wholeNumber(value);
  if (age !== null) return { attribute: 'idle', age };
  return { accepted: 'all, or a number of accesses' };
}

function readWriteback(value: string): Parsed {
  const accepted =
    'idle, huge, huge_idle or incompressible (type= may stand in front), ' +
    'page_index=N, page_indexes=N-N';
  const ranges: SlotRange[] = [];
  const words = value.split(' ');
  for (const [at, word] of words.entries()) {
    const [key = '', text] = word.split('=', 2);
    if (key === 'page_index' || key === 'page_indexes') {
      const range = readRange(key, text ?? '');
      if (range === null) return { accepted };
      ranges.push(range);
      continue;
    }
    const type = text === undefined ? key : key === 'type' ? text : '';
    // A type is for all slots, and nothing stands beside it.
    if (!Object.hasOwn(WRITEBACK_FLAGS, type) || at > 0 || words.length > 1) return { accepted };
    return { attribute: 'writeback', flags: WRITEBACK_FLAGS[type]!, ranges: [] };
  }
  return { attribute: 'writeback', flags: 0, ranges };
}

function readRange(key: 'page_index' | 'page_indexes', text: string): SlotRange | null {
  const [low = '', high, more] = key === 'page_index' ? [text, text] : text.split('-');
  const first = wholeNumber(low);
  const last = wholeNumber(high ?? '');
  if (first === null || last === null || more !== undefined || first > last) return null;
  return { first, last };
}

function readRecompress(value: string): Parsed {
  const wrong = {
    accepted:
      'type=idle|huge|huge_idle, threshold=BYTES, max_pages=N, algo=NAME, priority=1|2|3, ' +
      'with blanks between',
  };
  const found = { flags: 0, threshold: 0, maxPages: Infinity };
  let algorithm: string | null = null;
  let priority: number | null = null;
  for (const word of value.split(' ')) {
    const [key = '', text = ''] = word.split('=', 2);
    const number = wholeNumber(text);
    if (key === 'type' && Object.hasOwn(RECOMPRESS_FLAGS, text))
      found.flags = RECOMPRESS_FLAGS[text]!;
    else if (key === 'threshold' && number !== null) found.threshold = number;
    else if (key === 'max_pages' && number !== null) found.maxPages = number;
    else if (key === 'algo' && text !== '') algorithm = text;
    else if (key === 'priority' && number !== null && number <= 3) priority = number;
    else return wrong;
  }
  return { attribute: 'recompress', ...found, algorithm, priority };
}

/** As memparse: digits and a letter for a power of 1024; rounded up to pages. */
function readMemLimit(value: string): Parsed {
  const match = /^(\d{1,15})([kmgtpe]?)$/i.exec(value);
  const bytes =
    match === null
      ? NaN
      : Number(match[1]) * 1024 ** ' kmgtpe'.indexOf(match[2]!.toLowerCase() || ' ');
  if (!Number.isSafeInteger(bytes))
    return { accepted: 'bytes, or with K, M, G, T (powers of 1024); 0 for no limit' };
  return { attribute: 'mem_limit', pages: Math.ceil(bytes / PAGE_SIZE) };
}

function readPages(
  attribute: 'writeback_limit' | 'writeback_batch_size',
  value: string,
  least: number,
): Parsed {
  const pages = wholeNumber(value);
  const most = attribute === 'writeback_batch_size' ? BATCH_PAGES_MAX : Number.MAX_SAFE_INTEGER;
  if (pages !== null && pages >= least && pages <= most) return { attribute, pages };
  return {
    accepted: `a number of pages of 4 KiB from ${least}` + (least > 0 ? ` to ${most}` : ''),
  };
}

function wholeNumber(text: string): number | null {
  const value = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(value) ? value : null;
}
