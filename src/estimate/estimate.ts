/** What zswap would hold of memory from which a sample of pages was measured. */
import {
  classIndexOf,
  createSizeClasses,
  ZS_HANDLE_SIZE,
  ZSMALLOC_CHAIN_SIZE,
} from '../pool/index.ts';
import { assert, PAGE_SIZE } from '../units/index.ts';
import { ZSWAP_ENTRY_BYTES } from '../zswap/index.ts';
import { meanInterval, ratioInterval, scaled, shareInterval, type Interval } from './interval.ts';
import { PAGE_KIND, type PageMeasures } from './page-measures.ts';
import { poolBytesFor } from './pool-size.ts';

/** One bar of the histogram of compressed lengths. */
export interface LengthBucket {
  readonly lowBytes: number;
  readonly highBytes: number;
  readonly sampledPages: number;
  /** Of all pages that are not zero. */
  readonly share: number;
}

/** What a pool limited to a share of the RAM would do. */
export interface LimitEstimate {
  readonly maxPoolPercent: number;
  readonly limitBytes: number;
  /** Of all pages, from 0 to 1: those that fit into the pool, and the zero pages, which need none. */
  readonly heldShare: Interval;
  readonly heldBytes: number;
  readonly poolBytes: number;
  /** Memory that would come free: held, less pool and metadata. */
  readonly freedBytes: number;
}

export interface CompressorEstimate {
  readonly name: string;
  /** Library and version. */
  readonly version: string;
  /** Bytes of pages that are not zero by their compressed bytes; null without such pages. */
  readonly ratio: Interval | null;
  /** The same by the pages of the pool. */
  readonly poolRatio: Interval | null;
  /** Share of all pages that do not get smaller: 6.18 keeps them as they are, 6.12 refuses them. */
  readonly incompressible: Interval;
  /** The pool that would hold all pages. */
  readonly poolBytes: Interval;
  /** zswap's entries and zsmalloc's handles for all pages; not in the pool's limit. */
  readonly metadataBytes: number;
  readonly savedBytes: number;
  readonly lengths: readonly LengthBucket[];
  readonly limits: readonly LimitEstimate[];
}

export interface Estimate {
  readonly pages: number;
  readonly bytes: number;
  readonly sampledPages: number;
  readonly ramBytes: number;
  /** Shares of all pages. */
  readonly zero: Interval;
  /** One word over and over, but not zero. Today's zswap compresses them as any other page. */
  readonly sameFilled: Interval;
  readonly other: Interval;
  readonly compressors: readonly CompressorEstimate[];
}

export interface EstimateOptions {
  /** All pages from which the sample was drawn, each with the same chance. */
  readonly pages: number;
  readonly ramBytes: number;
  /** Values of max_pool_percent. */
  readonly percents: readonly number[];
}

const classes = createSizeClasses(ZSMALLOC_CHAIN_SIZE);

/** Bytes of the pool that an object of `length` bytes takes in zspages that are full. */
function bytesInPool(length: number): number {
  const { pagesPerZspage, objectsPerZspage } = classes[classIndexOf(length)]!;
  return (pagesPerZspage * PAGE_SIZE) / objectsPerZspage;
}

/**
 * Reckons what the sample says of all pages.
 * @param measures - one page or more
 */
export function estimateFrom(measures: PageMeasures, options: EstimateOptions): Estimate {
  const { pages, ramBytes } = options;
  const { count, kinds } = measures;
  assert(count >= 1 && count <= pages, 'a sample has some of the pages');
  const share = (kind: number): Interval => {
    const hits = kinds.reduce((sum, each) => (each === kind ? sum + 1 : sum), 0);
    return shareInterval(hits, count, pages);
  };
  const zero = share(PAGE_KIND.zero);
  return {
    ...{ pages, bytes: pages * PAGE_SIZE, sampledPages: count, ramBytes },
    zero,
    sameFilled: share(PAGE_KIND.sameFilled),
    other: share(PAGE_KIND.other),
    compressors: measures.compressors.map(({ name, version }, index) => ({
      ...{ name, version },
      ...estimateCompressor(measures.lengths(index), { ...options, zero }),
    })),
  };
}

interface Sums {
  count: number;
  sum: number;
  squares: number;
}

function addTo(sums: Sums, value: number): void {
  sums.count += 1;
  sums.sum += value;
  sums.squares += value * value;
}

/** @param lengths - of all sampled pages; 0: a zero page */
function estimateCompressor(
  lengths: Uint16Array,
  { pages, ramBytes, percents, zero }: EstimateOptions & { readonly zero: Interval },
): Omit<CompressorEstimate, 'name' | 'version'> {
  const ofLengths: Sums = { count: 0, sum: 0, squares: 0 };
  const ofObjects: Sums = { count: 0, sum: 0, squares: 0 };
  const ofPages: Sums = { count: 0, sum: 0, squares: 0 };
  let incompressible = 0;
  for (const length of lengths) {
    const taken = length === 0 ? 0 : bytesInPool(length);
    addTo(ofPages, taken);
    if (length === 0) continue;
    addTo(ofLengths, length);
    addTo(ofObjects, taken);
    if (length === PAGE_SIZE) incompressible += 1;
  }
  const objects = Math.round((pages * ofLengths.count) / lengths.length);
  const filled = poolBytesFor(lengths, objects);
  // What the last zspage of each class leaves empty makes the pool larger than its objects.
  const fill = ofPages.sum === 0 ? 1 : filled / ((ofPages.sum / lengths.length) * pages);
  const poolBytes = { ...scaled(meanInterval(ofPages, pages), fill * pages), value: filled };
  const metadataBytes = objects * (ZSWAP_ENTRY_BYTES + ZS_HANDLE_SIZE);
  return {
    ratio: ratioInterval(PAGE_SIZE, meanInterval(ofLengths, objects)),
    poolRatio: ratioInterval(PAGE_SIZE, scaled(meanInterval(ofObjects, objects), fill)),
    incompressible: shareInterval(incompressible, lengths.length, pages),
    ...{ poolBytes, metadataBytes },
    savedBytes: pages * PAGE_SIZE - filled - metadataBytes,
    lengths: lengthBuckets(lengths, ofLengths.count),
    limits: percents.map((percent) =>
      estimateLimit(percent, { pages, ramBytes, zero, poolBytes, metadataBytes }),
    ),
  };
}

/**
 * What is held where the limit is reached: zero pages, which are a flag and no part of zswap, all of
 * them; of the others, assumed, the same share of every kind, in whatever order they were stored and
 * are written back.
 * @source linux 6.18 mm/zswap.c zswap_max_pages: of totalram_pages, rounded down; mm/page_io.c
 *   swap_writeout: zero pages before zswap is asked
 */
function estimateLimit(
  maxPoolPercent: number,
  whole: {
    readonly pages: number;
    readonly ramBytes: number;
    readonly zero: Interval;
    readonly poolBytes: Interval;
    readonly metadataBytes: number;
  },
): LimitEstimate {
  const { pages, ramBytes, zero, poolBytes: all, metadataBytes } = whole;
  const ramPages = Math.floor(ramBytes / PAGE_SIZE);
  const limitBytes = Math.floor((ramPages * maxPoolPercent) / 100) * PAGE_SIZE;
  const partOf = (pool: number): number => (pool <= limitBytes ? 1 : limitBytes / pool);
  const heldShare = (zeroShare: number, pool: number): number =>
    zeroShare + (1 - zeroShare) * partOf(pool);
  const value = heldShare(zero.value, all.value);
  const heldBytes = Math.floor(pages * value) * PAGE_SIZE;
  const poolBytes = Math.min(all.value, limitBytes);
  return {
    ...{ maxPoolPercent, limitBytes },
    heldShare: {
      value,
      // Fewer zero pages make a larger pool: the bounds belong together.
      low: heldShare(zero.low, all.high),
      high: heldShare(zero.high, all.low),
    },
    ...{ heldBytes, poolBytes },
    freedBytes: heldBytes - poolBytes - Math.round(metadataBytes * partOf(all.value)),
  };
}

const BUCKET_BYTES = 256;

/** Sixteen of 256 bytes, and one of pages that do not get smaller. */
function lengthBuckets(lengths: Uint16Array, total: number): LengthBucket[] {
  const counts = new Array<number>(PAGE_SIZE / BUCKET_BYTES + 1).fill(0);
  for (const length of lengths) {
    if (length === 0) continue;
    const bucket = length === PAGE_SIZE ? counts.length - 1 : Math.ceil(length / BUCKET_BYTES) - 1;
    counts[bucket]! += 1;
  }
  return counts.map((sampledPages, index) => ({
    lowBytes: index === counts.length - 1 ? PAGE_SIZE : index * BUCKET_BYTES + 1,
    highBytes: Math.min(
      (index + 1) * BUCKET_BYTES,
      PAGE_SIZE - (index < counts.length - 1 ? 1 : 0),
    ),
    sampledPages,
    share: total === 0 ? 0 : sampledPages / total,
  }));
}
