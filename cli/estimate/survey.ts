/** From processes to measured pages: counts their anonymous memory, draws a sample, and reads it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Compressor } from '../../src/codec/index.ts';
import { isZeroPage } from '../../src/codec/index.ts';
import {
  PageCensus,
  PageMeasures,
  planScan,
  Sampler,
  type Mapping,
} from '../../src/estimate/index.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';
import { createProgress } from '../progress.ts';
import { detail } from '../telling.ts';
import {
  openZeroFrames,
  PageTableScratch,
  ProcessFiles,
  readProcess,
  type Missing,
  type ProcessMemory,
} from './processes.ts';
import { PAGES_PER_TURN } from './turns.ts';

/** A process and its part of the sample: pages `from` to `to` of the measures. */
export interface SurveyedProcess {
  readonly process: ProcessMemory;
  readonly from: number;
  readonly to: number;
}

export interface Survey {
  readonly measures: PageMeasures;
  /** Anonymous pages in memory, each once, of which the sample was drawn. */
  readonly pages: number;
  readonly processes: readonly SurveyedProcess[];
  /** Processes that are left out, by why. */
  readonly missing: Readonly<Record<Missing, number>>;
  /** Mappings of pages that were counted with another process. */
  readonly repeatedPages: number;
  /** Pages that other processes map, too, where the kernel does not tell which: counted each time. */
  readonly undecidedPages: number;
  /** Places that hold the kernel's shared page of zeros. */
  readonly zeroMappedPages: number;
  readonly lockedPages: number;
  readonly skippedMappings: number;
  readonly skippedPages: number;
  /** Pages of the sample that were gone when they were to be read. */
  readonly lostPages: number;
}

export interface SurveyOptions {
  readonly compressors: readonly Compressor[];
  readonly samples: number;
  readonly seed: number;
}

/** A mapping with the process that has it. */
interface Place {
  readonly process: ProcessMemory;
  readonly mapping: Mapping;
  /** Set while its page table is read: pages of zeros in it may be the kernel's. */
  mayHoldZeroPage: boolean;
}

/** @param tellMissing - hears of each process that is left out */
export async function survey(
  pids: readonly number[],
  { compressors, samples, seed }: SurveyOptions,
  io: CommandIo,
  tellMissing: (pid: number, why: Missing) => void,
): Promise<Survey> {
  const missing: Record<Missing, number> = { gone: 0, denied: 0, none: 0 };
  const note = (pid: number, why: Missing): void => {
    missing[why] += 1;
    tellMissing(pid, why);
  };
  const found = pids.flatMap((pid) => {
    const process = readProcess(pid);
    if (typeof process !== 'string') return [process];
    note(pid, process);
    return [];
  });
  const places = found.flatMap((process): Place[] =>
    process.mappings.map((mapping) => ({ process, mapping, mayHoldZeroPage: false })),
  );
  const plan = planScan(places);
  detail(io, `${found.length} processes, ${plan.scanned.length} mappings with anonymous memory`);
  const scratch = new PageTableScratch();
  const counted = countPages(plan.scanned, { samples, seed, scratch, note }, io);
  const measures = new PageMeasures(compressors, samples);
  const read = await readSample(plan.scanned, counted, { measures, scratch }, io);
  return {
    ...{ measures, missing, processes: read.processes, lostPages: read.lostPages },
    // A page of the sample was there, whatever smaps had said before.
    pages: Math.max(counted.pages, measures.count),
    repeatedPages: counted.census.repeatedPages,
    undecidedPages: counted.census.undecidedPages - counted.excessPages,
    zeroMappedPages: counted.census.zeroMappedPages + counted.excessPages,
    lockedPages: plan.lockedPages,
    ...{ skippedMappings: plan.skippedMappings, skippedPages: plan.skippedPages },
  };
}

interface Parts {
  readonly scratch: PageTableScratch;
  readonly note: (pid: number, why: Missing) => void;
}

interface Counted {
  readonly census: PageCensus;
  readonly pages: number;
  /** Places that are taken for the kernel's page of zeros. */
  readonly excessPages: number;
  /** Whose page tables could be read. */
  readonly processes: ReadonlySet<ProcessMemory>;
}

/** Reads page tables. */
function countPages(
  places: readonly Place[],
  { samples, seed, scratch, note }: Parts & { readonly samples: number; readonly seed: number },
  io: CommandIo,
): Counted {
  const zeroFrames = openZeroFrames();
  const isZeroFrame = zeroFrames?.isZero ?? null;
  const census = new PageCensus({ sampler: new Sampler(samples, seed), isZeroFrame });
  const total = places.reduce((sum, { mapping }) => sum + mapping.pageCount, 0);
  const bar = createProgress({ label: 'reading page tables', unit: 'entries', total }, io);
  const processes = new Set<ProcessMemory>();
  let excessPages = 0;
  let done = 0;
  forEachProcess(places, scratch, note, (files, first, end) => {
    processes.add(places[first]!.process);
    for (let index = first; index < end; index++) {
      const place = places[index]!;
      const undecidedBefore = census.undecidedPages;
      let pages = 0;
      files.eachPart(place.mapping, (words, wordCount, firstPage) => {
        pages += census.add(words, wordCount, firstPage, index);
        bar.update({ done: (done += wordCount) });
      });
      // Frames that the kernel does not tell: what smaps counts less is its page of zeros.
      const undecided = census.undecidedPages - undecidedBefore;
      const excess = Math.min(undecided, Math.max(0, pages - place.mapping.anonymousPages));
      place.mayHoldZeroPage = excess > 0;
      excessPages += excess;
    }
  });
  bar.stop();
  zeroFrames?.close();
  detail(io, `${census.drawnPages} pages seen in ${total} entries of page tables`);
  return { census, pages: census.drawnPages - excessPages, excessPages, processes };
}

/** Runs of places that are of one process. */
function forEachProcess(
  places: readonly Place[],
  scratch: PageTableScratch,
  note: (pid: number, why: Missing) => void,
  look: (files: ProcessFiles, first: number, end: number) => void,
): void {
  for (let first = 0, end = 0; first < places.length; first = end) {
    const { process } = places[first]!;
    while (places[end]?.process === process) end += 1;
    const files = ProcessFiles.open(process.pid, scratch);
    if (typeof files === 'string') {
      note(process.pid, files);
      continue;
    }
    try {
      look(files, first, end);
    } finally {
      files.close();
    }
  }
}

/** Reads and measures the sample, process by process, in the order of addresses. */
async function readSample(
  places: readonly Place[],
  { census, processes: looked }: Counted,
  { measures, scratch }: Omit<Parts, 'note'> & { readonly measures: PageMeasures },
  io: CommandIo,
): Promise<{ readonly processes: readonly SurveyedProcess[]; readonly lostPages: number }> {
  const byProcess = new Map<ProcessMemory, (readonly [Place, Float64Array])[]>();
  for (const process of looked) byProcess.set(process, []);
  let total = 0;
  for (const [index, pages] of census.sample()) {
    byProcess.get(places[index]!.process)!.push([places[index]!, pages]);
    total += pages.length;
  }
  const bar = createProgress({ label: 'compressing', unit: 'pages', total }, io);
  const page = Buffer.alloc(PAGE_SIZE);
  const processes: SurveyedProcess[] = [];
  let done = 0;
  let lostPages = 0;
  for (const [process, parts] of byProcess) {
    const from = measures.count;
    const files = parts.length === 0 ? 'none' : ProcessFiles.open(process.pid, scratch);
    for (const [place, pages] of parts)
      for (const number of pages) {
        const got = typeof files === 'string' ? null : files.readPage(number, page);
        const isKernels = got === 'unknown' && place.mayHoldZeroPage && isZeroPage(page);
        if (got === null) lostPages += 1;
        else if (!isKernels) measures.record(page);
        if (++done % PAGES_PER_TURN === 0) await nextTurn();
        bar.update({ done });
      }
    if (typeof files !== 'string') files.close();
    processes.push({ process, from, to: measures.count });
  }
  bar.stop();
  detail(io, `${measures.count} pages read and compressed`);
  return { processes, lostPages };
}
