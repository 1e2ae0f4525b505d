/**
 * A device with a location map: slots lie where the map says, compressed or not, in one of several
 * forms, directly or by way of a RAM buffer that writes erase blocks.
 *
 * Kernel counterpart: none merged; drafts of compressed zswap writeback (one blob a slot, sub-page
 * packing, batched packing) and LG's flash-friendly swap driver.
 * Simplified on purpose: the map is in memory only, as all of swap's own tables are; each page of a
 * vectored read is an I/O of its own, as the swap core reads.
 *
 * `deviceSubmit`, `deviceRead` and `deviceWrite` are counted here for the I/Os that nobody above
 * sees: of `writeCompressed`, of the buffer and of the compactor; not for those of `read` and of an
 * unbuffered `write`, which whoever calls them counts.
 */
import { countDecompress, type Compressor } from '../../codec/index.ts';
import { EV, type Engine } from '../../engine/index.ts';
import { assert, PAGE_SIZE, type Outcome } from '../../units/index.ts';
import { SECTOR_SIZE, type BlockDevice } from '../block-device.ts';
import { assertBuffers, assertRange, assertWriteRange } from '../io-range.ts';
import { SlotChecksums, type ChecksumProblem } from '../slot-checksums.ts';
import { BlobList, NO_AGE } from './blob-list.ts';
import type { BlobStore } from './blob-store.ts';
import { InPlaceStore } from './in-place-store.ts';
import { InnerIo } from './inner-io.ts';
import { LINK_BYTES, LOCATION_BYTES, LocationMap, PLAIN } from './location-map.ts';
import { LogStore } from './log-store.ts';
import {
  checkMappedOptions,
  createSegments,
  usablePagesOf,
  type CompressedBatch,
  type MappedOptions,
} from './mapped-options.ts';
import { MappedCounts, type MappedStats } from './mapped-stats.ts';
import { SegmentLog } from './segment-log.ts';
import { BATCH_BYTES, WriteBuffer } from './write-buffer.ts';

/** The longest I/O, unless an erase block is longer. @source linux 6.18 BLK_DEF_MAX_SECTORS_CAP */
const TRANSFER_BYTES_MAX = 1280 << 10;
/** Codecs that an entry of the map can name, PLAIN among them. */
const CODECS_MAX = 16;
/** Bytes of a segment's own entry: live bytes and first slot, 4 each. */
const SEGMENT_BYTES = 8;

export class MappedDevice implements BlockDevice {
  readonly name: string;
  /** Header and slots that are offered. */
  readonly sizeBytes: number;
  readonly rotational: boolean;
  readonly synchronous: boolean;
  /**
   * Slots that hold a whole page each, whatever happens; fewer than the device's pages where space
   * is kept back for rewriting.
   */
  readonly usablePages: number;
  readonly #inner: BlockDevice;
  readonly #engine: Engine;
  readonly #hasBytes: boolean;
  readonly #isPages: boolean;
  readonly #io: InnerIo;
  readonly #map: LocationMap;
  readonly #store: BlobStore;
  readonly #counts = new MappedCounts();
  readonly #sums: SlotChecksums | null;
  /** What stands for checksums without bytes; null where none are kept. */
  readonly #damageMet: (() => number) | null;
  readonly #bufferBytes: number;
  readonly #metadataBytes: number;
  /** By codec - 1: what restores a blob. */
  readonly #codecs: Compressor[] = [];
  readonly #list = new BlobList();
  readonly #outcomes: Outcome[] = [];
  #scratch: Uint8Array = new Uint8Array(0);
  #completionNs = 0;
  #problem: string | null = null;

  constructor(options: MappedOptions) {
    checkMappedOptions(options);
    const { inner, engine, form, hasBytes, bufferBytes = 0, blockBytes = 512 } = options;
    this.name = inner.name;
    this.rotational = inner.rotational;
    this.synchronous = inner.synchronous;
    this.#inner = inner;
    this.#engine = engine;
    this.#hasBytes = hasBytes;
    this.#isPages = form === 'pages';
    this.#bufferBytes = bufferBytes === 0 ? 0 : bufferBytes + BATCH_BYTES;
    this.#sums = this.#createSums(options);
    const hasNotes = options.hasChecksums === true && !hasBytes;
    this.#damageMet = hasNotes ? (options.damageMet ?? null) : null;
    const transferBytesMax = Math.max(TRANSFER_BYTES_MAX, bufferBytes);
    this.#io = new InnerIo({ device: inner, engine, blockBytes, hasBytes, transferBytesMax });
    const discard = (start: number, lengthBytes: number): void => {
      // As in the kernel, a discard that fails is nobody's problem.
      inner.discard(start, lengthBytes, engine.nowNs);
    };
    const parts = { engine, io: this.#io, counts: this.#counts, sums: this.#sums, discard };
    if (form === 'slot') {
      this.usablePages = inner.sizeBytes / PAGE_SIZE - 1;
      this.#map = new LocationMap(this.usablePages + 1, 0);
      this.#store = new InPlaceStore({ ...parts, map: this.#map });
      this.#metadataBytes = this.#map.slotCount * LOCATION_BYTES;
    } else {
      const segments = createSegments(options);
      this.usablePages = usablePagesOf(options, segments);
      const map = new LocationMap((options.slots ?? this.usablePages) + 1, segments.count);
      const buffer = bufferBytes > 0 ? new WriteBuffer(engine, map, bufferBytes, hasBytes) : null;
      const isPacked = form === 'packed';
      const log = new SegmentLog({ ...parts, map, segments, buffer, isPacked });
      this.#map = map;
      this.#store = new LogStore(log, buffer);
      this.#metadataBytes =
        map.slotCount * (LOCATION_BYTES + LINK_BYTES) +
        segments.count * SEGMENT_BYTES +
        Math.ceil(segments.count / 8);
    }
    this.sizeBytes = this.#map.slotCount * PAGE_SIZE;
  }

  get completionNs(): number {
    return this.#completionNs;
  }

  /** False in the form `pages`. */
  get takesCompressed(): boolean {
    return !this.#isPages;
  }

  /** What went wrong last, here or inside, in a sentence; null when nothing did. */
  get problem(): string | null {
    if (this.#problem !== null) return this.#problem;
    const { problem } = this.#inner as { readonly problem?: unknown };
    return typeof problem === 'string' ? problem : null;
  }

  /** The checksums by slot; null where none are kept. */
  get checksums(): SlotChecksums | null {
    return this.#sums;
  }

  /** The first thousand checksum mismatches. */
  problems(): readonly ChecksumProblem[] {
    return this.#sums?.problems() ?? [];
  }

  /**
   * Memory that the map would take in a kernel: a word a slot (`LocationMap` draws it), and unless
   * slots have fixed places 8 bytes a slot for the lists of the segments' blobs, 8 bytes and a bit
   * a segment. The buffer is apart, in `stats().bufferBytes`, and so are `checksums`.
   */
  metadataBytes(): number {
    return this.#metadataBytes;
  }

  /** Pages come whole whatever they are stored as; slots without a location read as zeros. */
  read(offset: number, pages: readonly Uint8Array[], pageCount: number, nowNs: number): Outcome {
    assertRange(this, offset, pageCount * PAGE_SIZE);
    if (this.#hasBytes) assertBuffers(pages, pageCount);
    this.#io.begin(nowNs);
    let outcome: Outcome = 'ok';
    for (let i = 0; i < pageCount && outcome === 'ok'; i++)
      outcome = this.#readSlot(offset / PAGE_SIZE + i, pages[i]!, nowNs);
    this.#completionNs = this.#io.doneNs;
    return outcome;
  }

  /**
   * Reads a slot for a look from outside, past the model of time and every count.
   * @param raw - the device at the bottom, whose byte addresses are those of the inner one
   */
  peek(slot: number, page: Uint8Array, raw: BlockDevice): Outcome {
    if (!this.#map.isMapped(slot)) {
      page.fill(0);
      return 'ok';
    }
    const length = this.#map.lengthBytes(slot);
    let blob = this.#map.isBuffered(slot) ? this.#store.buffered(slot) : null;
    if (blob === null) {
      const address = this.#map.address(slot);
      const from = address - (address % SECTOR_SIZE);
      const upTo = Math.ceil((address + length) / SECTOR_SIZE) * SECTOR_SIZE;
      const bytes = Buffer.alloc(upTo - from);
      const outcome = raw.readSectors(from, bytes, bytes.length, 0);
      if (outcome !== 'ok') return outcome;
      blob = bytes.subarray(address - from, address - from + length);
    }
    const codec = this.#map.codec(slot);
    if (codec === PLAIN) {
      page.set(blob);
      return 'ok';
    }
    const compressor = this.#codecs[codec - 1]!;
    const scratch = Buffer.alloc(compressor.headroomBytes + PAGE_SIZE);
    scratch.set(blob, compressor.headroomBytes);
    return compressor.decompress(scratch, length, page) ? 'ok' : 'EIO';
  }

  /** Writes pages as they are. All or none of them, unless the area is all but full. */
  write(offset: number, pages: readonly Uint8Array[], pageCount: number, nowNs: number): Outcome {
    assertWriteRange(this, offset, pageCount * PAGE_SIZE);
    if (this.#hasBytes) assertBuffers(pages, pageCount);
    this.#list.clear();
    if (this.#hasBytes) this.#list.pages = pages;
    const first = offset / PAGE_SIZE;
    for (let i = 0; i < pageCount; i++)
      this.#list.push({
        slot: first + i,
        offset: 0,
        length: PAGE_SIZE,
        codec: PLAIN,
        age: NO_AGE,
      });
    return this.#storeList(nowNs);
  }

  /**
   * Writes blobs that are compressed already, or pages as they are among them. A blob that fails
   * leaves its slot as it was before.
   *
   * @returns the first errno; EINVAL in the form `pages`, which takes nothing compressed
   */
  writeCompressed(batch: CompressedBatch, nowNs: number): Outcome {
    const { slots, data, lengths, count, compressor, ages, outcomes } = batch;
    assert(!this.#hasBytes || data !== null, 'blobs have bytes where there is payload');
    const codec = this.#codecOf(compressor);
    this.#list.clear();
    if (this.#hasBytes) this.#list.bytes = data;
    let offset = 0;
    for (let i = 0; i < count; i++) {
      const length = lengths[i]!;
      if (length < PAGE_SIZE && this.#isPages) return 'EINVAL';
      assert(slots[i]! > 0 && slots[i]! < this.#map.slotCount, 'blobs go to slots of the area');
      this.#list.push({
        slot: slots[i]!,
        offset,
        length,
        codec: length === PAGE_SIZE ? PLAIN : codec,
        age: ages?.[i] ?? NO_AGE,
      });
      offset += length;
    }
    this.#io.isCounted = true;
    const outcome = this.#storeList(nowNs);
    this.#io.isCounted = false;
    if (outcomes !== undefined) for (let i = 0; i < count; i++) outcomes[i] = this.#outcomes[i]!;
    return outcome;
  }

  /** Bytes that a slot takes as stored; 0 for one without a location. */
  storedBytes(slot: number): number {
    return this.#map.lengthBytes(slot);
  }

  /** Where a slot lies: byte address on the inner device, `buffer`, or null for nowhere. */
  locate(slot: number): number | 'buffer' | null {
    if (!this.#map.isMapped(slot)) return null;
    return this.#map.isBuffered(slot) ? 'buffer' : this.#map.address(slot);
  }

  /** Frees the locations of a range of slots. */
  discard(offset: number, lengthBytes: number): Outcome {
    assertRange(this, offset, lengthBytes);
    const end = (offset + lengthBytes) / PAGE_SIZE;
    for (let slot = offset / PAGE_SIZE; slot < end; slot++) {
      this.#engine.count(EV.locationRead);
      if (!this.#map.isMapped(slot)) continue;
      this.#store.forget(slot);
      this.#sums?.forget(slot);
      this.#engine.count(EV.locationWrite);
    }
    return 'ok';
  }

  /** The slot holds nothing of use: its location is free. */
  slotFreed(slot: number): void {
    this.discard(slot * PAGE_SIZE, PAGE_SIZE);
  }

  /** Refuses: slots are pages. */
  readSectors(): Outcome {
    return 'EINVAL';
  }

  /** Refuses, as `readSectors`. */
  writeSectors(): Outcome {
    return 'EINVAL';
  }

  /** Writes out the buffer however little is in it, then flushes the inner device. */
  flush(): Outcome {
    const nowNs = this.#engine.nowNs;
    this.#io.begin(nowNs);
    const outcome = this.#store.flush(nowNs);
    this.#completionNs = this.#io.doneNs;
    return outcome === 'ok' ? this.#inner.flush() : outcome;
  }

  /** Frees every segment that compaction can free. */
  compact(nowNs: number): Outcome {
    this.#io.begin(nowNs);
    const outcome = this.#store.compact(nowNs);
    this.#completionNs = this.#io.doneNs;
    return outcome;
  }

  /** What is buffered is dropped: at swapoff all has been read back. */
  close(): void {
    this.#inner.close();
  }

  stats(): MappedStats {
    const counts = this.#counts;
    const { usedBytes } = this.#store;
    const readBytes = this.#io.bytesRead - counts.compactionBytesRead;
    return {
      writes: this.#io.writes,
      bytesWritten: this.#io.bytesWritten,
      reads: this.#io.reads,
      bytesRead: this.#io.bytesRead,
      blobs: counts.blobs,
      payloadBytes: counts.payloadBytes,
      liveBytes: counts.liveBytes,
      usedBytes,
      bytesRelocated: counts.bytesRelocated,
      segmentsCompacted: counts.segmentsCompacted,
      compactionBytesRead: counts.compactionBytesRead,
      bufferBytes: this.#bufferBytes,
      bufferedBytes: this.#store.bufferedBytes,
      bufferReads: counts.bufferReads,
      bufferDrops: counts.bufferDrops,
      readAmplification: counts.bytesAsked === 0 ? 0 : readBytes / counts.bytesAsked,
      spaceAmplification: counts.liveBytes === 0 ? 0 : usedBytes / counts.liveBytes,
      ageSpreadMean: counts.agedPages === 0 ? 0 : counts.ageSpreadSum / counts.agedPages,
      agedPages: counts.agedPages,
      ageSpreadSum: counts.ageSpreadSum,
      bytesAsked: counts.bytesAsked,
    };
  }

  checkInvariants(): void {
    this.#store.checkInvariants();
  }

  #storeList(nowNs: number): Outcome {
    const list = this.#list;
    this.#io.begin(nowNs);
    this.#engine.countMany(EV.locationRead, list.count);
    this.#outcomes.length = list.count;
    const outcome = this.#store.store(list, nowNs, this.#outcomes);
    for (let i = 0; i < list.count; i++) {
      if (this.#outcomes[i] !== 'ok') continue;
      this.#counts.blobs += 1;
      this.#counts.payloadBytes += list.length[i]!;
    }
    this.#completionNs = this.#io.doneNs;
    list.clear();
    return outcome;
  }

  #readSlot(slot: number, page: Uint8Array, nowNs: number): Outcome {
    if (slot === 0) return this.#io.readPage(0, page, nowNs);
    this.#engine.count(EV.locationRead);
    if (!this.#map.isMapped(slot)) {
      if (this.#hasBytes) page.fill(0);
      return 'ok';
    }
    if (this.#map.isBuffered(slot)) {
      this.#counts.bufferReads += 1;
      if (this.#map.codec(slot) === PLAIN) this.#engine.count(EV.memcpyPage);
      return this.#hasBytes
        ? this.#restore(slot, this.#store.buffered(slot), page)
        : this.#countDecompress(slot);
    }
    return this.#readDevice(slot, page, nowNs);
  }

  #readDevice(slot: number, page: Uint8Array, nowNs: number): Outcome {
    const address = this.#map.address(slot);
    const length = this.#map.lengthBytes(slot);
    const met = this.#damageMet?.();
    if (length === PAGE_SIZE && address % PAGE_SIZE === 0) {
      const outcome = this.#io.readPage(address, page, nowNs);
      if (outcome !== 'ok') return outcome;
      this.#counts.bytesAsked += length;
      return this.#hasBytes ? this.#verify(slot, page) : this.#judge(met);
    }
    const outcome = this.#io.readStaged(address, length, nowNs);
    if (outcome !== 'ok') return outcome;
    this.#counts.bytesAsked += length;
    if (!this.#hasBytes) return this.#judge(met) === 'ok' ? this.#countDecompress(slot) : 'EIO';
    const start = address % this.#io.blockBytes;
    return this.#restore(slot, this.#io.staging.subarray(start, start + length), page);
  }

  /** What a checksum would say, without bytes. */
  #judge(metBefore: number | undefined): Outcome {
    if (metBefore === undefined || this.#damageMet!() === metBefore) return 'ok';
    this.#engine.count(EV.checksumMismatch);
    return 'EIO';
  }

  #countDecompress(slot: number): Outcome {
    const codec = this.#map.codec(slot);
    if (codec !== PLAIN) countDecompress(this.#engine, this.#codecs[codec - 1]!);
    return 'ok';
  }

  /** Makes a slot's blob the page that it was. */
  #restore(slot: number, blob: Uint8Array, page: Uint8Array): Outcome {
    const verified = this.#verify(slot, blob);
    if (verified !== 'ok') return verified;
    const codec = this.#map.codec(slot);
    if (codec === PLAIN) {
      page.set(blob);
      return 'ok';
    }
    const compressor = this.#codecs[codec - 1]!;
    countDecompress(this.#engine, compressor);
    const { headroomBytes } = compressor;
    // The headroom is the compressor's to scribble on, and in front of a blob may lie another.
    this.#scratch.set(blob, headroomBytes);
    if (compressor.decompress(this.#scratch, blob.length, page)) return 'ok';
    this.#problem = `${this.name}: slot ${slot}: its ${blob.length} bytes give no page: damaged`;
    return 'EIO';
  }

  #verify(slot: number, bytes: Uint8Array): Outcome {
    return this.#sums?.verify(slot, bytes) === false ? 'EIO' : 'ok';
  }

  #codecOf(compressor: Compressor): number {
    let index = this.#codecs.findIndex(({ name }) => name === compressor.name);
    if (index < 0) {
      index = this.#codecs.push(compressor) - 1;
      assert(this.#codecs.length < CODECS_MAX, 'an entry of the map names up to 15 compressors');
      const needed = compressor.headroomBytes + PAGE_SIZE;
      // A Buffer: the native compressors take nothing else without a copy of the view.
      if (this.#scratch.length < needed) this.#scratch = Buffer.alloc(needed);
    }
    return index + 1;
  }

  #createSums(options: MappedOptions): SlotChecksums | null {
    if (options.hasChecksums !== true || !options.hasBytes) return null;
    const onMismatch = (problem: ChecksumProblem): void => {
      this.#problem =
        `${this.name}: slot ${problem.slot}: what was read has checksum ${problem.found} where ` +
        `${problem.expected} was written`;
      options.onMismatch?.(problem);
    };
    return new SlotChecksums(options.engine, onMismatch, options.hasHistory);
  }
}
