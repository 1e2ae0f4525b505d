/** A file or a stream of pages: a sample of them, measured. */
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Compressor } from '../../src/codec/index.ts';
import { PageMeasures, Sampler } from '../../src/estimate/index.ts';
import { clipped, PAGE_SIZE, RunError, UsageError } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';
import { createProgress } from '../progress.ts';
import { PAGES_PER_TURN } from './turns.ts';

export interface PageFile {
  readonly measures: PageMeasures;
  /** Whole pages that the file has. */
  readonly pages: number;
  /** Bytes behind the last whole page. */
  readonly trailingBytes: number;
}

export interface PageFileOptions {
  readonly compressors: readonly Compressor[];
  readonly samples: number;
  readonly seed: number;
}

/**
 * Measures a sample of a file's pages. Of a regular file only those pages are read; anything else is
 * read to its end once, with the sample in memory (4 KiB a page).
 * @param path - `-`: standard input
 * @throws UsageError for what cannot be opened or holds no page, RunError where reading fails
 */
export async function measureFile(
  path: string,
  { compressors, samples, seed }: PageFileOptions,
  io: CommandIo,
): Promise<PageFile> {
  const file = path === '-' ? 0 : openFile(path);
  try {
    const stat = fstatSync(file);
    const sampler = new Sampler(samples, seed);
    const source =
      stat.isFile() && path !== '-'
        ? chooseFromFile(file, stat.size, sampler)
        : await chooseFromStream(file, sampler, io);
    if (source.pages === 0)
      throw new UsageError(
        `--file: ${path} has ${source.trailingBytes} bytes; accepted: a page of ${PAGE_SIZE} or more`,
      );
    const measures = new PageMeasures(compressors, samples);
    const total = sampler.size;
    const bar = createProgress({ label: 'compressing', unit: 'pages', total }, io);
    for (let place = 0; place < total; place++) {
      measures.record(source.page(place));
      bar.update({ done: place + 1 });
      if (place % PAGES_PER_TURN === 0) await nextTurn();
    }
    bar.stop();
    return { measures, pages: source.pages, trailingBytes: source.trailingBytes };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (error instanceof UsageError || error instanceof RunError || code === undefined) throw error;
    throw code === 'EISDIR'
      ? new UsageError(`--file: ${clipped(path)} is a folder; accepted: a file of pages, -`)
      : new RunError(`--file: ${clipped(path)} cannot be read: ${code}`);
  } finally {
    if (file !== 0) closeSync(file);
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new UsageError(`--file: ${clipped(path)} cannot be opened: ${code}`);
  }
}

/** Pages that were chosen. */
interface Chosen {
  readonly pages: number;
  readonly trailingBytes: number;
  /** @returns 4096 bytes, until the next call. @param place - from 0 to as many as were chosen */
  page(place: number): Uint8Array;
}

function chooseFromFile(file: number, bytes: number, sampler: Sampler): Chosen {
  const pages = Math.floor(bytes / PAGE_SIZE);
  const chosen = new Float64Array(Math.min(sampler.capacity, pages));
  while (sampler.next < pages) {
    const page = sampler.next;
    chosen[sampler.take()] = page;
  }
  chosen.sort();
  const into = Buffer.alloc(PAGE_SIZE);
  return {
    ...{ pages, trailingBytes: bytes % PAGE_SIZE },
    page: (place) => {
      const read = readSync(file, into, 0, PAGE_SIZE, chosen[place]! * PAGE_SIZE);
      if (read !== PAGE_SIZE) throw new RunError('--file: it became shorter while it was read');
      return into;
    },
  };
}

async function chooseFromStream(file: number, sampler: Sampler, io: CommandIo): Promise<Chosen> {
  const bar = createProgress({ label: 'reading', unit: 'pages' }, io);
  const chosen: Buffer[] = [];
  let pages = 0;
  let rest: Buffer = Buffer.alloc(0);
  const stream = createReadStream('', { fd: file, autoClose: false, highWaterMark: 1 << 20 });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const count = Math.floor(bytes.length / PAGE_SIZE);
    while (sampler.next < pages + count) {
      const at = (sampler.next - pages) * PAGE_SIZE;
      // A copy: the chunk would be kept for one page of it.
      chosen[sampler.take()] = Buffer.from(bytes.subarray(at, at + PAGE_SIZE));
    }
    pages += count;
    rest = bytes.subarray(count * PAGE_SIZE);
    bar.update({ done: pages });
  }
  bar.stop();
  return { pages, trailingBytes: rest.length, page: (place) => chosen[place]! };
}
