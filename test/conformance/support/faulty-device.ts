/** A device in memory whose reads and writes fail when told to, and that counts what it moves. */
import { MemoryDevice, NullDevice, type BlockDevice } from '../../../src/device/index.ts';
import { PAGE_SIZE, type Outcome } from '../../../src/units/index.ts';

export class FaultyDevice implements BlockDevice {
  readonly name: string;
  readonly sizeBytes: number;
  readonly rotational: boolean;
  readonly synchronous: boolean;
  failsReads = false;
  failsWrites = false;
  /** Writes, counted from the next one, of which that one fails. */
  failsWriteIn: number = Infinity;
  writes = 0;
  pagesRead = 0;
  pagesWritten = 0;
  readonly #device: BlockDevice;

  constructor(options: {
    readonly name: string;
    readonly pages: number;
    readonly hasBytes: boolean;
    readonly synchronous?: boolean;
  }) {
    const { name, pages, hasBytes, synchronous = false } = options;
    const parts = { name, sizeBytes: pages * PAGE_SIZE, synchronous };
    this.#device = hasBytes ? new MemoryDevice(parts) : new NullDevice(parts);
    this.name = name;
    this.sizeBytes = parts.sizeBytes;
    this.rotational = false;
    this.synchronous = synchronous;
  }

  get completionNs(): number {
    return this.#device.completionNs;
  }

  read(offset: number, pages: readonly Uint8Array[], pageCount: number, nowNs: number): Outcome {
    if (this.failsReads) return 'EIO';
    this.pagesRead += pageCount;
    return this.#device.read(offset, pages, pageCount, nowNs);
  }

  write(offset: number, pages: readonly Uint8Array[], pageCount: number, nowNs: number): Outcome {
    this.writes += 1;
    this.failsWriteIn -= 1;
    if (this.failsWrites || this.failsWriteIn === -1) return 'EIO';
    this.pagesWritten += pageCount;
    return this.#device.write(offset, pages, pageCount, nowNs);
  }

  readSectors(offset: number, target: Uint8Array, length: number, nowNs: number): Outcome {
    if (this.failsReads) return 'EIO';
    this.pagesRead += Math.ceil(length / PAGE_SIZE);
    return this.#device.readSectors(offset, target, length, nowNs);
  }

  writeSectors(offset: number, source: Uint8Array, length: number, nowNs: number): Outcome {
    if (this.failsWrites) return 'EIO';
    this.pagesWritten += Math.ceil(length / PAGE_SIZE);
    return this.#device.writeSectors(offset, source, length, nowNs);
  }

  discard(offset: number, length: number, nowNs: number): Outcome {
    return this.#device.discard(offset, length, nowNs);
  }

  flush(): Outcome {
    return this.#device.flush();
  }

  close(): void {
    this.#device.close();
  }
}
