/**
 * A block device without bytes, for `--payload none`: transfers are checked and always
 * succeed, nothing is moved, and the size may be far beyond this machine's.
 */
import { PAGE_SIZE, type Outcome } from '../units/index.ts';
import type { BlockDevice } from './block-device.ts';
import { assertRange, assertSectors, assertWriteRange, assertWriteSectors } from './io-range.ts';

export interface NullDeviceOptions {
  readonly name: string;
  readonly sizeBytes: number;
  readonly rotational?: boolean;
  readonly synchronous?: boolean;
}

export class NullDevice implements BlockDevice {
  readonly name: string;
  readonly sizeBytes: number;
  readonly rotational: boolean;
  readonly synchronous: boolean;
  #completionNs = 0;

  constructor(options: NullDeviceOptions) {
    this.name = options.name;
    this.sizeBytes = options.sizeBytes;
    this.rotational = options.rotational ?? false;
    this.synchronous = options.synchronous ?? false;
  }

  get completionNs(): number {
    return this.#completionNs;
  }

  /** Leaves the buffers as they are; there need not be any. */
  read(
    offsetBytes: number,
    _pages: readonly Uint8Array[],
    pageCount: number,
    nowNs: number,
  ): Outcome {
    assertRange(this, offsetBytes, pageCount * PAGE_SIZE);
    this.#completionNs = nowNs;
    return 'ok';
  }

  write(
    offsetBytes: number,
    _pages: readonly Uint8Array[],
    pageCount: number,
    nowNs: number,
  ): Outcome {
    assertWriteRange(this, offsetBytes, pageCount * PAGE_SIZE);
    this.#completionNs = nowNs;
    return 'ok';
  }

  /** Leaves the buffer as it is; it need not hold anything. */
  readSectors(offset: number, _target: Uint8Array, lengthBytes: number, nowNs: number): Outcome {
    assertSectors(this, offset, lengthBytes);
    this.#completionNs = nowNs;
    return 'ok';
  }

  writeSectors(offset: number, _source: Uint8Array, lengthBytes: number, nowNs: number): Outcome {
    assertWriteSectors(this, offset, lengthBytes);
    this.#completionNs = nowNs;
    return 'ok';
  }

  discard(offsetBytes: number, lengthBytes: number): Outcome {
    assertRange(this, offsetBytes, lengthBytes);
    return 'ok';
  }

  flush(): Outcome {
    return 'ok';
  }

  close(): void {
    // Nothing is held.
  }
}
