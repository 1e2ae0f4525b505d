/** zram devices for tests: contents of known kinds, a backing device that can be told to fail. */
import { createCompressor } from '../../../src/codec/index.ts';
import {
  MemoryDevice,
  parseZramSetting,
  ZramDevice,
  type BlockDevice,
  type ZramOptions,
} from '../../../src/device/index.ts';
import { CostProfile, Engine } from '../../../src/engine/index.ts';
import { assert, PAGE_SIZE, UsageError, type Outcome } from '../../../src/units/index.ts';
import { Mulberry32 } from '../../../src/workload/index.ts';

export const SLOTS = 96;

/** A page whose first `words` of 1024 are noise, the rest repeats a phrase. */
export function mixedPage(words: number, seed: number): Buffer {
  const page = Buffer.alloc(PAGE_SIZE, 'a page of text, and ');
  const stream = new Mulberry32(seed);
  for (let word = 0; word < words; word++) page.writeUInt32LE(stream.next(), word * 4);
  return page;
}

export const noisePage = (seed: number): Buffer => mixedPage(1024, seed);
export const textPage = (seed: number): Buffer => mixedPage(8, seed);
/** Noise of 4 bits a byte: lz4 finds next to nothing, deflate halves it. */
export function dullPage(seed: number): Buffer {
  const page = Buffer.alloc(PAGE_SIZE);
  const stream = new Mulberry32(seed);
  for (let at = 0; at < PAGE_SIZE; at++) page[at] = stream.next() & 15;
  return page;
}

/** A backing device in memory that notes its I/Os and can fail or call back in the middle. */
export class WatchedDevice implements BlockDevice {
  readonly name = 'backing';
  readonly sizeBytes: number;
  readonly rotational = false;
  readonly synchronous = false;
  readonly #inner: MemoryDevice;
  /** `[direction, first block, blocks]`. */
  readonly transfers: [string, number, number][] = [];
  fails: (direction: 'read' | 'write', block: number) => boolean = () => false;
  inTheMiddle: (block: number) => void = () => undefined;
  isClosed = false;

  constructor(blocks: number) {
    this.sizeBytes = blocks * PAGE_SIZE;
    this.#inner = new MemoryDevice({ name: 'backing', sizeBytes: this.sizeBytes });
  }

  get completionNs(): number {
    return this.#inner.completionNs;
  }

  read(at: number, pages: readonly Uint8Array[], count: number, nowNs: number): Outcome {
    const block = at / PAGE_SIZE;
    this.transfers.push(['read', block, count]);
    return this.fails('read', block) ? 'EIO' : this.#inner.read(at, pages, count, nowNs);
  }

  write(at: number, pages: readonly Uint8Array[], count: number, nowNs: number): Outcome {
    const block = at / PAGE_SIZE;
    assert(block > 0, 'block 0 is never used');
    this.transfers.push(['write', block, count]);
    if (this.fails('write', block)) return 'EIO';
    const outcome = this.#inner.write(at, pages, count, nowNs);
    this.inTheMiddle(block);
    return outcome;
  }

  readSectors(): Outcome {
    return 'EINVAL';
  }

  writeSectors(): Outcome {
    return 'EINVAL';
  }

  discard(): Outcome {
    return 'ok';
  }

  flush(): Outcome {
    return 'ok';
  }

  close(): void {
    this.isClosed = true;
  }
}

export interface TestZram {
  readonly zram: ZramDevice;
  readonly backing: WatchedDevice;
  write(slot: number, page: Uint8Array): Outcome;
  /** The page of a slot, or the errno. */
  read(slot: number): Buffer | Outcome;
  /** As an administrator's echo: `set('writeback', 'idle')`. */
  set(attribute: string, value: string): Outcome;
}

export function testZram(
  options: Partial<ZramOptions> & {
    /** Of the backing device; 0: none. */
    readonly blocks?: number;
    readonly batchPages?: number;
    readonly isCompressed?: boolean;
    readonly recompress?: readonly string[];
  } = {},
): TestZram {
  const { blocks, batchPages, isCompressed, recompress, ...rest } = options;
  const backing = new WatchedDevice(blocks ?? 256);
  const costs = new CostProfile({ name: 'free', description: '', prices: {} });
  const zram = new ZramDevice({
    name: 'zram0',
    sizeBytes: SLOTS * PAGE_SIZE,
    engine: new Engine({ seed: 1, cpuCount: 1, costs }),
    compressor: createCompressor('lz4', 'test'),
    recompressors: (recompress ?? []).map((name) => createCompressor(name, 'test')),
    ...(blocks === 0
      ? {}
      : {
          backing: {
            device: backing,
            batchPages: batchPages ?? 32,
            isCompressed: isCompressed ?? false,
          },
        }),
    ...rest,
  });
  return {
    zram,
    backing,
    write: (slot, page) => zram.write(slot * PAGE_SIZE, [page], 1, 0),
    read: (slot) => {
      const page = Buffer.alloc(PAGE_SIZE, 0xee);
      const outcome = zram.read(slot * PAGE_SIZE, [page], 1, 0);
      return outcome === 'ok' ? page : outcome;
    },
    set: (attribute, value) => {
      const setting = parseZramSetting(attribute, value);
      if (typeof setting === 'string') throw new UsageError(setting);
      return zram.apply(setting, 0);
    },
  };
}
