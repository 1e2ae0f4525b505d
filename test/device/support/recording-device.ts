/** A device in memory that records its transfers, fails when told to, and lets tests touch its bytes. */
import { MemoryDevice, NullDevice, type BlockDevice } from '../../../src/device/index.ts';
import { CostProfile, Engine } from '../../../src/engine/index.ts';
import { PAGE_SIZE, type Outcome } from '../../../src/units/index.ts';

/** An engine whose events cost nothing. */
export function testEngine(): Engine {
  const costs = new CostProfile({ name: 'free', description: '', prices: {} });
  return new Engine({ seed: 1, cpuCount: 1, costs });
}

/** A page of bytes that do not compress, different for each seed. */
export function pageOf(seed: number): Uint8Array {
  const words = new Uint32Array(PAGE_SIZE / 4);
  let state = (seed * 2654435761 + 1) >>> 0;
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    words[i] = state;
  }
  return new Uint8Array(words.buffer);
}

export interface Transfer {
  readonly kind: 'read' | 'write' | 'discard';
  readonly offset: number;
  readonly length: number;
}

export class RecordingDevice implements BlockDevice {
  readonly name = 'recorded';
  readonly sizeBytes: number;
  readonly rotational = false;
  readonly synchronous = false;
  readonly transfers: Transfer[] = [];
  /** Reads and writes so far, failed ones too. */
  operations = 0;
  /** The operation of this index fails; -1 for none. */
  failAt = -1;
  failsReads = false;
  failsWrites = false;
  /** Bytes of a write that fails which arrive all the same. */
  tornBytes = 0;
  readonly #inner: BlockDevice;

  constructor(options: {
    readonly pages: number;
    readonly hasBytes?: boolean;
    readonly inner?: BlockDevice;
  }) {
    const parts = { name: this.name, sizeBytes: options.pages * PAGE_SIZE };
    const { inner, hasBytes = true } = options;
    this.#inner = inner ?? (hasBytes ? new MemoryDevice(parts) : new NullDevice(parts));
    this.sizeBytes = parts.sizeBytes;
  }

  get completionNs(): number {
    return this.#inner.completionNs;
  }

  /** Writes so far as [offset, length]. */
  get writes(): [number, number][] {
    return this.transfers
      .filter(({ kind }) => kind === 'write')
      .map(({ offset, length }) => [offset, length]);
  }

  get reads(): [number, number][] {
    return this.transfers
      .filter(({ kind }) => kind === 'read')
      .map(({ offset, length }) => [offset, length]);
  }

  /** Puts bytes there behind everybody's back, from a multiple of 512 on. */
  poke(offset: number, bytes: Uint8Array): void {
    this.#inner.writeSectors(offset, bytes, bytes.length, 0);
  }

  flipBit(offset: number, bit: number): void {
    const sector = new Uint8Array(512);
    const start = offset - (offset % 512);
    this.#inner.readSectors(start, sector, 512, 0);
    sector[offset % 512]! ^= 1 << bit;
    this.poke(start, sector);
  }

  /** The bytes of a range of whole sectors. */
  peek(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#inner.readSectors(offset, bytes, length, 0);
    return bytes;
  }

  read(offset: number, pages: readonly Uint8Array[], pageCount: number, nowNs: number): Outcome {
    if (this.#fails('read', offset, pageCount * PAGE_SIZE)) return 'EIO';
    return this.#inner.read(offset, pages, pageCount, nowNs);
  }

  write(offset: number, pages: readonly Uint8Array[], pageCount: number, nowNs: number): Outcome {
    if (this.#fails('write', offset, pageCount * PAGE_SIZE)) return 'EIO';
    return this.#inner.write(offset, pages, pageCount, nowNs);
  }

  readSectors(offset: number, target: Uint8Array, length: number, nowNs: number): Outcome {
    if (this.#fails('read', offset, length)) return 'EIO';
    return this.#inner.readSectors(offset, target, length, nowNs);
  }

  writeSectors(offset: number, source: Uint8Array, length: number, nowNs: number): Outcome {
    if (this.#fails('write', offset, length)) {
      const torn = Math.min(this.tornBytes, length);
      if (torn > 0) this.#inner.writeSectors(offset, source, torn, nowNs);
      return 'EIO';
    }
    return this.#inner.writeSectors(offset, source, length, nowNs);
  }

  discard(offset: number, length: number, nowNs: number): Outcome {
    this.transfers.push({ kind: 'discard', offset, length });
    return this.#inner.discard(offset, length, nowNs);
  }

  flush(): Outcome {
    return this.#inner.flush();
  }

  close(): void {
    this.#inner.close();
  }

  #fails(kind: 'read' | 'write', offset: number, length: number): boolean {
    const index = this.operations;
    this.operations += 1;
    if (index === this.failAt) return true;
    if (kind === 'read' ? this.failsReads : this.failsWrites) return true;
    this.transfers.push({ kind, offset, length });
    return false;
  }
}
