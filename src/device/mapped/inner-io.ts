/**
 * Transfers between a mapped area and the device under it: any range of bytes, rounded to the
 * device's blocks, counted.
 */
import { EV, type Engine } from '../../engine/index.ts';
import { PAGE_SIZE, type Outcome } from '../../units/index.ts';
import { SECTOR_SIZE, type BlockDevice } from '../block-device.ts';

/** The smallest transfer of a device: 512, or 4096 (4Kn disks, zram). */
export type BlockBytes = 512 | 4096;

export interface InnerIoOptions {
  readonly device: BlockDevice;
  readonly engine: Engine;
  readonly blockBytes: BlockBytes;
  readonly hasBytes: boolean;
  /** Bytes of the longest transfer. */
  readonly transferBytesMax: number;
}

export class InnerIo {
  readonly blockBytes: BlockBytes;
  readonly transferBytesMax: number;
  /** What is read and written, from its start on; empty with payload none. */
  readonly staging: Uint8Array;
  /** Count deviceSubmit and so on: nobody above sees this I/O. */
  isCounted = false;
  reads = 0;
  writes = 0;
  bytesRead = 0;
  bytesWritten = 0;
  /** Virtual time at which all transfers since `begin` are done. */
  doneNs = 0;
  readonly #device: BlockDevice;
  readonly #engine: Engine;
  /** The pages of the staging buffer. */
  readonly #pages: readonly Uint8Array[];
  readonly #single: Uint8Array[] = new Array<Uint8Array>(1);

  constructor(options: InnerIoOptions) {
    const { hasBytes, transferBytesMax } = options;
    this.#device = options.device;
    this.#engine = options.engine;
    this.blockBytes = options.blockBytes;
    this.transferBytesMax = transferBytesMax;
    const pageCount = transferBytesMax / PAGE_SIZE;
    this.staging = new Uint8Array(hasBytes ? transferBytesMax : 0);
    this.#pages = Array.from({ length: hasBytes ? pageCount : 0 }, (_, i) =>
      this.staging.subarray(i * PAGE_SIZE, (i + 1) * PAGE_SIZE),
    );
  }

  /** A call begins; it has had no transfer. */
  begin(nowNs: number): void {
    this.doneNs = nowNs;
  }

  /** `bytes` rounded up to blocks. */
  roundUp(bytes: number): number {
    return Math.ceil(bytes / this.blockBytes) * this.blockBytes;
  }

  /** `address` rounded down to a block. */
  roundDown(address: number): number {
    return address - (address % this.blockBytes);
  }

  /**
   * Reads the blocks that hold a range into the staging buffer.
   * @returns where the range begins in the staging buffer is `address % blockBytes`
   */
  readStaged(address: number, lengthBytes: number, nowNs: number): Outcome {
    const start = this.roundDown(address);
    const length = this.roundUp(address + lengthBytes) - start;
    const outcome =
      this.blockBytes === SECTOR_SIZE
        ? this.#device.readSectors(start, this.staging, length, nowNs)
        : this.#device.read(start, this.#pages, length / PAGE_SIZE, nowNs);
    this.#note('read', length, outcome);
    return outcome;
  }

  /** Reads a page that begins with a page of the device straight into its frame. */
  readPage(address: number, page: Uint8Array, nowNs: number): Outcome {
    this.#single[0] = page;
    const outcome = this.#device.read(address, this.#single, 1, nowNs);
    this.#note('read', PAGE_SIZE, outcome);
    return outcome;
  }

  /** Writes whole blocks from the start of the staging buffer. */
  writeStaged(address: number, lengthBytes: number, nowNs: number): Outcome {
    const outcome =
      this.blockBytes === SECTOR_SIZE
        ? this.#device.writeSectors(address, this.staging, lengthBytes, nowNs)
        : this.#device.write(address, this.#pages, lengthBytes / PAGE_SIZE, nowNs);
    this.#note('write', lengthBytes, outcome);
    return outcome;
  }

  #note(direction: 'read' | 'write', lengthBytes: number, outcome: Outcome): void {
    this.doneNs = Math.max(this.doneNs, this.#device.completionNs);
    if (this.isCounted) {
      this.#engine.count(EV.deviceSubmit);
      this.#engine.count(direction === 'read' ? EV.deviceRead : EV.deviceWrite);
    }
    if (outcome !== 'ok') return;
    if (direction === 'read') {
      this.reads += 1;
      this.bytesRead += lengthBytes;
    } else {
      this.writes += 1;
      this.bytesWritten += lengthBytes;
    }
  }
}
