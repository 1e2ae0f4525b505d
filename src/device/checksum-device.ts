/**
 * Checksummed swap: a 64-bit checksum per slot in front of another device, set at every write and
 * verified at every read. A flipped bit on the disk becomes EIO and an event, never wrong data.
 *
 * Kernel counterpart: none, a wish of users (2026-03). Whole pages only: sectors are refused with
 * EINVAL, since a checksum of a page says nothing about a part of it. A `MappedDevice` has its own
 * checksums, over the bytes as stored; put this one above it, or none.
 */
import { EV, type Engine } from '../engine/index.ts';
import { PAGE_SIZE, type Outcome } from '../units/index.ts';
import type { BlockDevice } from './block-device.ts';
import { SlotChecksums, type ChecksumProblem } from './slot-checksums.ts';

export interface ChecksumDeviceOptions {
  readonly inner: BlockDevice;
  readonly engine: Engine;
  /** False with payload none: there is nothing to check, all transfers pass through. */
  readonly hasBytes: boolean;
  /** Told of every mismatch. */
  readonly onMismatch?: (problem: ChecksumProblem) => void;
  /** Keep generations: see `SlotChecksums`. */
  readonly hasHistory?: boolean;
  /** Damaged places that the device below has met so far: what stands for a checksum without bytes. */
  readonly damageMet?: () => number;
}

export class ChecksumDevice implements BlockDevice {
  readonly name: string;
  readonly sizeBytes: number;
  readonly rotational: boolean;
  readonly synchronous: boolean;
  readonly #inner: BlockDevice;
  readonly #hasBytes: boolean;
  readonly #damageMet: () => number;
  readonly #engine: Engine;
  readonly #sums: SlotChecksums;
  #problem: string | null = null;

  constructor(options: ChecksumDeviceOptions) {
    const { inner } = options;
    this.name = inner.name;
    this.sizeBytes = inner.sizeBytes;
    this.rotational = inner.rotational;
    this.synchronous = inner.synchronous;
    this.#inner = inner;
    this.#hasBytes = options.hasBytes;
    this.#engine = options.engine;
    this.#damageMet = options.damageMet ?? (() => 0);
    const onMismatch = (problem: ChecksumProblem): void => {
      this.#problem =
        `${this.name}: slot ${problem.slot}: what was read has checksum ${problem.found} where ` +
        `${problem.expected} was written`;
      options.onMismatch?.(problem);
    };
    this.#sums = new SlotChecksums(options.engine, onMismatch, options.hasHistory);
  }

  get completionNs(): number {
    return this.#inner.completionNs;
  }

  /** What went wrong at the latest mismatch, or inside, in a sentence; null when nothing did. */
  get problem(): string | null {
    if (this.#problem !== null) return this.#problem;
    const { problem } = this.#inner as { readonly problem?: unknown };
    return typeof problem === 'string' ? problem : null;
  }

  /** The first thousand mismatches. */
  problems(): readonly ChecksumProblem[] {
    return this.#sums.problems();
  }

  get checksums(): SlotChecksums {
    return this.#sums;
  }

  /** Memory that the checksums take. */
  metadataBytes(): number {
    return this.#sums.metadataBytes();
  }

  /**
   * A mismatch in one of several pages is EIO for the call; `problems()` names the slots, and the
   * other pages hold what is on the device.
   */
  read(offset: number, pages: readonly Uint8Array[], pageCount: number, nowNs: number): Outcome {
    const met = this.#damageMet();
    const outcome = this.#inner.read(offset, pages, pageCount, nowNs);
    if (outcome !== 'ok') return outcome;
    if (!this.#hasBytes) {
      if (this.#damageMet() === met) return 'ok';
      this.#engine.count(EV.checksumMismatch);
      return 'EIO';
    }
    let isGood = true;
    for (let i = 0; i < pageCount; i++)
      if (!this.#sums.verify(offset / PAGE_SIZE + i, pages[i]!)) isGood = false;
    return isGood ? 'ok' : 'EIO';
  }

  /** Of a write that fails nobody knows how far it came: both contents are good from then on. */
  write(offset: number, pages: readonly Uint8Array[], pageCount: number, nowNs: number): Outcome {
    const outcome = this.#inner.write(offset, pages, pageCount, nowNs);
    if (!this.#hasBytes) return outcome;
    for (let i = 0; i < pageCount; i++)
      if (outcome === 'ok') this.#sums.set(offset / PAGE_SIZE + i, pages[i]!);
      else this.#sums.setUncertain(offset / PAGE_SIZE + i, pages[i]!);
    return outcome;
  }

  /** Refuses, but passes it through with payload none. */
  readSectors(offset: number, target: Uint8Array, lengthBytes: number, nowNs: number): Outcome {
    return this.#hasBytes ? 'EINVAL' : this.#inner.readSectors(offset, target, lengthBytes, nowNs);
  }

  /** Refuses, but passes it through with payload none. */
  writeSectors(offset: number, source: Uint8Array, lengthBytes: number, nowNs: number): Outcome {
    return this.#hasBytes ? 'EINVAL' : this.#inner.writeSectors(offset, source, lengthBytes, nowNs);
  }

  /** Forgets the checksums of the range: it holds nothing that is of use. */
  discard(offset: number, lengthBytes: number, nowNs: number): Outcome {
    const end = (offset + lengthBytes) / PAGE_SIZE;
    for (let slot = offset / PAGE_SIZE; slot < end; slot++) this.#sums.forget(slot);
    return this.#inner.discard(offset, lengthBytes, nowNs);
  }

  /** The slot holds nothing of use: it has no checksum, and the device below may want to know. */
  slotFreed(slot: number): void {
    this.#sums.forget(slot);
    this.#inner.slotFreed?.(slot);
  }

  flush(): Outcome {
    return this.#inner.flush();
  }

  close(): void {
    this.#inner.close();
  }
}
