/**
 * From what DAMON counted to accesses. In each sampling interval DAMON looks whether one page of a
 * region, picked by chance, was accessed; `nr_accesses` is in how many of the sampling intervals of an
 * aggregation interval it was, and stands for all pages of the region.
 * @source linux 6.18 Documentation/mm/damon/design.rst, "Region Based Sampling"
 *
 * So every page of a region with n accesses of m possible ones is accessed in each of m sampling
 * intervals with probability n / m, one page after the other by address: as many accesses to each
 * page as DAMON says on average, in an order that nobody knows. How often a page was accessed within
 * a sampling interval, DAMON does not say: once here, as often as the page table is asked there.
 * Nor whether it was written: the first access writes the page, of others as many as --writes says.
 */
import { PAGE_SIZE } from '../../units/index.ts';
import { RandomStream } from '../../engine/index.ts';
import { PageIds } from '../accesses/page-ids.ts';
import { ACCESS, type AccessSink } from './importer.ts';
import { Turns } from './turns.ts';

/** DAMON's intervals where a record does not tell. @source damo 3.3.0 src/_damon.py DamonIntervals */
export const SAMPLE_US = 5000;
export const AGGREGATION_US = 100_000;

export interface DamoRegion {
  /** Bytes; the end is exclusive. */
  readonly start: number;
  readonly end: number;
  readonly accesses: number;
}

export interface DamoSnapshot {
  readonly endSeconds: number;
  /** Sampling intervals that it aggregates. */
  readonly samples: number;
  readonly regions: readonly DamoRegion[];
}

export interface DamoModelOptions {
  readonly sink: AccessSink;
  readonly seed: number;
  /** Of accesses to a page that has been written, 0 to 100. */
  readonly writesPercent: number;
  /** Sampling intervals of a snapshot that are drawn; undefined: all of them. */
  readonly rounds: number | undefined;
}

export class DamoModel {
  readonly #options: DamoModelOptions;
  readonly #random: RandomStream;
  readonly #seen = new PageIds();
  readonly #turns = new Turns();

  constructor(options: DamoModelOptions) {
    this.#options = options;
    this.#random = new RandomStream(options.seed, 'import damo');
  }

  async draw({ samples, regions }: DamoSnapshot): Promise<void> {
    // Intervals jitter: a region may have been seen once more than the intervals' ratio allows.
    const possible = regions.reduce((most, { accesses }) => Math.max(most, accesses), samples);
    const busy = regions.filter(({ accesses }) => accesses > 0);
    const rounds = Math.min(this.#options.rounds ?? possible, possible);
    for (let round = 0; round < rounds; round++)
      for (const region of busy) await this.#round(region, region.accesses / possible);
  }

  async #round({ start, end }: DamoRegion, probability: number): Promise<void> {
    const last = Math.ceil(end / PAGE_SIZE);
    for (let page = Math.floor(start / PAGE_SIZE); page < last; page++) {
      if (probability < 1 && this.#random.fraction() >= probability) continue;
      this.#access(page);
      if (this.#turns.isDue()) await this.#turns.take();
    }
  }

  #access(page: number): void {
    const { sink, writesPercent } = this.#options;
    const known = this.#seen.count;
    if (this.#seen.take(page) === known) sink.access(page, ACCESS.write, 0);
    else {
      const isStore = writesPercent > 0 && this.#random.fraction() * 100 < writesPercent;
      sink.access(page, isStore ? ACCESS.store : ACCESS.read, 0);
    }
  }
}
