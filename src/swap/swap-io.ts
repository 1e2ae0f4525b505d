/**
 * Swap I/O: queued writes, merged into runs of neighbouring slots, and reads.
 * Kernel counterpart: mm/page_io.c with the block layer's plug (linux 6.18): requests of one plug
 * that are neighbours on the device become one.
 *
 * Two phases: `queueWrite` begins (the folio is under writeback), `flush` submits and, in
 * completion mode `batch`, completes. With payload none a slot keeps its content tag here instead
 * of bytes on the device.
 */
import {
  assert,
  entrySlot,
  entryType,
  MAX_SWAPFILES,
  PAGE_SIZE,
  type Outcome,
  type PageFrame,
  type SwapEntry,
} from '../units/index.ts';
import { EV, type Engine, type Histogram } from '../engine/index.ts';
import type { Payload } from '../frames/index.ts';
import { MappedDevice, takesCompressed, type BlockDevice } from '../device/index.ts';
import type { SlotPlace } from './resolve.ts';
import type { BlobBatch } from '../zswap/index.ts';
import type { PageWitness } from './wrong-pages.ts';

/** Pages of the longest merged request. @source linux 6.18 BLK_DEF_MAX_SECTORS_CAP: 1280 KiB */
const MAX_RUN_PAGES = 320;
/** More places than one flush can have. */
const PLACE_RANGE = 2 ** 20;
/** What damage does to a content tag: another content of the same length. */
const DAMAGED_TAG = 0x80000000;

/** What happens to a folio when its write has ended. */
export interface WriteCompletion {
  /** @param doneNs - virtual time at which the device was done with it */
  writeEnded(frame: PageFrame, outcome: Outcome, doneNs: number): void;
}

/** What was moved to and from one area. */
export interface AreaTraffic {
  readonly pagesRead: number;
  readonly pagesWritten: number;
  readonly reads: number;
  readonly writes: number;
}

/** One area's device and the writes that wait for it. */
class AreaQueue {
  readonly device: BlockDevice;
  readonly frames: number[] = [];
  readonly slots: number[] = [];
  /** Beside them: 1 of a write that zswap's writeback has asked for. */
  readonly isWriteback: number[] = [];
  /** Content tags by slot, in chunks of 4096 slots; payload none only. */
  readonly tags: (Uint32Array | undefined)[] = [];
  pagesRead = 0;
  pagesWritten = 0;
  reads = 0;
  writes = 0;
  /** Where the stretch of reads that goes on would go on, and its length so far. */
  nextRead = 0;
  readRun = 0;

  constructor(device: BlockDevice) {
    this.device = device;
  }
}

export class SwapIo {
  readonly #engine: Engine;
  readonly #payload: Payload;
  readonly #completion: WriteCompletion;
  readonly #witness: PageWitness | null;
  readonly #queues: (AreaQueue | undefined)[] = new Array<undefined>(MAX_SWAPFILES).fill(undefined);
  readonly #run: Uint8Array[] = new Array<Uint8Array>(MAX_RUN_PAGES);
  readonly #single: Uint8Array[] = new Array<Uint8Array>(1);
  readonly #order: number[] = [];
  #keys = new Float64Array(256);
  readonly #readLatency: Histogram;
  readonly #writeLatency: Histogram;
  readonly #writeRun: Histogram;
  readonly #writebackRun: Histogram;
  readonly #readRun: Histogram;
  #pending = 0;
  #problem = '';

  constructor(
    engine: Engine,
    payload: Payload,
    completion: WriteCompletion,
    witness: PageWitness | null = null,
  ) {
    this.#engine = engine;
    this.#payload = payload;
    this.#completion = completion;
    this.#witness = witness;
    this.#readLatency = engine.histogram('deviceRead.ns');
    this.#writeLatency = engine.histogram('deviceWrite.ns');
    this.#writeRun = engine.histogram('deviceWrite.pages');
    this.#writebackRun = engine.histogram('writeback.pages');
    this.#readRun = engine.histogram('deviceRead.pages');
  }

  addArea(type: number, device: BlockDevice): void {
    this.#queues[type] = new AreaQueue(device);
  }

  removeArea(type: number): void {
    const queue = this.#queue(type);
    assert(queue.frames.length === 0, 'no write waits when an area goes');
    this.#endReadRun(queue);
    this.#queues[type] = undefined;
  }

  traffic(type: number): AreaTraffic {
    return this.#queue(type);
  }

  /** What went wrong with a device first, in words; empty when nothing did. */
  get problem(): string {
    return this.#problem;
  }

  isSynchronous(type: number): boolean {
    return this.#queue(type).device.synchronous;
  }

  /** Begins the write of a folio to a slot; the bytes are taken at `flush`. */
  queueWrite(slot: SwapEntry, frame: PageFrame, isWriteback: boolean): void {
    const queue = this.#queue(entryType(slot));
    queue.slots.push(entrySlot(slot));
    queue.isWriteback.push(isWriteback ? 1 : 0);
    queue.frames.push(frame);
    this.#pending += 1;
  }

  /** Writes compressed pages, area by area, and says of each what came of it. */
  writeBlobs(batch: BlobBatch): void {
    let offset = 0;
    for (let start = 0; start < batch.count;) {
      const type = entryType(batch.slots[start]!);
      let end = start;
      let bytes = 0;
      while (end < batch.count && entryType(batch.slots[end]!) === type)
        bytes += batch.lengths[end++]!;
      this.#writeBlobsOf(this.#queue(type), batch, { start, end, offset, bytes });
      start = end;
      offset += bytes;
    }
  }

  /** Where the bytes of a slot lie on the area's device. */
  placeOf(type: number, slot: number): SlotPlace {
    const { device } = this.#queue(type);
    if (!(device instanceof MappedDevice))
      return { offset: slot * PAGE_SIZE, lengthBytes: PAGE_SIZE };
    const at = device.locate(slot);
    return { offset: at === 'buffer' ? null : at, lengthBytes: device.storedBytes(slot) };
  }

  /** True when the area's device takes compressed pages. */
  takesCompressed(type: number): boolean {
    return takesCompressed(this.#queue(type).device);
  }

  /** Submits and completes everything that was queued. */
  flush(): void {
    if (this.#pending === 0) return;
    for (let type = 0; type < MAX_SWAPFILES; type++) {
      const queue = this.#queues[type];
      if (queue !== undefined && queue.frames.length > 0) this.#flushArea(queue);
    }
    this.#pending = 0;
  }

  /**
   * Reads one slot into a frame; the current CPU's clock is not moved.
   * @returns the errno, and through `readDoneNs` when the device is done
   */
  read(slot: SwapEntry, frame: PageFrame): Outcome {
    const queue = this.#queue(entryType(slot));
    const now = this.#engine.nowNs;
    this.#engine.count(EV.deviceSubmit);
    this.#engine.count(EV.deviceRead);
    this.#single[0] = this.#payload.view(frame);
    const offset = entrySlot(slot) * PAGE_SIZE;
    this.#witness?.beginRead();
    const outcome = queue.device.read(offset, this.#single, 1, now);
    if (outcome === 'ok') {
      queue.reads += 1;
      queue.pagesRead += 1;
      this.#noteRead(queue, entrySlot(slot));
      if (this.#payload.kind === 'none') {
        const isDamaged = this.#witness !== null && this.#witness.metCount > 0;
        const tag = tagAt(queue, entrySlot(slot));
        this.#payload.setTag(frame, isDamaged ? (tag ^ DAMAGED_TAG) >>> 0 : tag);
      }
      this.#readLatency.record(queue.device.completionNs - now);
    } else {
      this.#noteProblem(queue.device, 'read', outcome, offset);
    }
    this.#readDoneNs = queue.device.completionNs;
    return outcome;
  }

  #readDoneNs = 0;

  /** Virtual time at which the latest read was done. */
  get readDoneNs(): number {
    return this.#readDoneNs;
  }

  /** The stretches of reads that go on end here: at the end of a workload. */
  endReadRuns(): void {
    for (const queue of this.#queues) if (queue !== undefined) this.#endReadRun(queue);
  }

  /**
   * Reads of slots that follow each other are one stretch, which a block layer could merge, as far as
   * it takes a request to be: each is a request of its own here.
   */
  #noteRead(queue: AreaQueue, slot: number): void {
    if (slot !== queue.nextRead || queue.readRun === MAX_RUN_PAGES) this.#endReadRun(queue);
    queue.readRun += 1;
    queue.nextRead = slot + 1;
  }

  #endReadRun(queue: AreaQueue): void {
    if (queue.readRun > 0) this.#readRun.record(queue.readRun);
    queue.readRun = 0;
  }

  #flushArea(queue: AreaQueue): void {
    const { frames, slots } = queue;
    const order = this.#sortedOrder(slots);
    let start = 0;
    while (start < order.length) {
      let end = start + 1;
      while (
        end < order.length &&
        end - start < MAX_RUN_PAGES &&
        slots[order[end]!] === slots[order[end - 1]!]! + 1
      )
        end += 1;
      this.#writeSlots(queue, order, start, end);
      start = end;
    }
    frames.length = 0;
    slots.length = 0;
    queue.isWriteback.length = 0;
  }

  #writeBlobsOf(
    queue: AreaQueue,
    batch: BlobBatch,
    part: { start: number; end: number; offset: number; bytes: number },
  ): void {
    const { device } = queue;
    assert(takesCompressed(device), 'compressed pages go to a device that takes them');
    const { start, end, offset, bytes } = part;
    const outcomes: Outcome[] = [];
    const now = this.#engine.nowNs;
    const outcome = device.writeCompressed(
      {
        slots: batch.slots.slice(start, end).map(entrySlot),
        data: batch.data?.subarray(offset, offset + bytes) ?? null,
        lengths: batch.lengths.slice(start, end),
        count: end - start,
        compressor: batch.compressor!,
        ages: batch.ages.slice(start, end),
        outcomes,
      },
      now,
    );
    if (outcome !== 'ok') this.#noteProblem(device, 'write', outcome, 0);
    let written = 0;
    for (let i = start; i < end; i++) {
      batch.outcomes[i] = outcomes[i - start]!;
      if (batch.outcomes[i] !== 'ok') {
        this.#engine.count(EV.write_error);
        continue;
      }
      this.#engine.count(EV.pswpout);
      queue.pagesWritten += 1;
      written += 1;
      if (this.#payload.kind === 'none') putTag(queue, entrySlot(batch.slots[i]!), batch.tags[i]!);
    }
    if (written > 0) this.#writebackRun.record(written);
    if (outcome === 'ok') this.#writeLatency.record(device.completionNs - now);
  }

  /** Places of `slots` in ascending order of slot; already ascending is the common case. */
  #sortedOrder(slots: readonly number[]): readonly number[] {
    const order = this.#order;
    order.length = slots.length;
    let isAscending = true;
    for (let i = 0; i < slots.length; i++) {
      order[i] = i;
      if (i > 0 && slots[i]! < slots[i - 1]!) isAscending = false;
    }
    if (isAscending) return order;
    // Slot and place in one number, sorted natively: a comparison function per pair costs more.
    if (this.#keys.length < slots.length) this.#keys = new Float64Array(slots.length * 2);
    const keys = this.#keys.subarray(0, slots.length);
    for (let i = 0; i < slots.length; i++) keys[i] = slots[i]! * PLACE_RANGE + i;
    keys.sort();
    for (let i = 0; i < keys.length; i++)
      order[i] = keys[i]! - Math.floor(keys[i]! / PLACE_RANGE) * PLACE_RANGE;
    return order;
  }

  #writeSlots(queue: AreaQueue, order: readonly number[], start: number, end: number): void {
    const { device, frames, slots } = queue;
    const count = end - start;
    const isBytes = this.#payload.kind === 'bytes';
    let ofWriteback = 0;
    for (let i = 0; i < count; i++) {
      const frame = frames[order[start + i]!]! as PageFrame;
      ofWriteback += queue.isWriteback[order[start + i]!]!;
      this.#run[i] = this.#payload.view(frame);
      if (!isBytes) putTag(queue, slots[order[start + i]!]!, this.#payload.tag(frame));
    }
    const now = this.#engine.nowNs;
    this.#engine.count(EV.deviceSubmit);
    this.#engine.count(EV.deviceWrite);
    const offset = slots[order[start]!]! * PAGE_SIZE;
    const outcome = device.write(offset, this.#run, count, now);
    if (outcome === 'ok') {
      queue.writes += 1;
      queue.pagesWritten += count;
      this.#writeRun.record(count);
      if (ofWriteback > 0) this.#writebackRun.record(ofWriteback);
      this.#writeLatency.record(device.completionNs - now);
    } else {
      this.#engine.countMany(EV.write_error, count);
      this.#noteProblem(device, 'write', outcome, offset);
    }
    for (let i = start; i < end; i++)
      this.#completion.writeEnded(frames[order[i]!]! as PageFrame, outcome, device.completionNs);
  }

  #noteProblem(device: BlockDevice, verb: string, outcome: string, offset: number): void {
    if (this.#problem !== '') return;
    const detail = 'problem' in device && typeof device.problem === 'string' ? device.problem : '';
    this.#problem =
      detail === '' ? `${device.name}: ${verb} at offset ${offset} failed: ${outcome}` : detail;
  }

  #queue(type: number): AreaQueue {
    const queue = this.#queues[type];
    assert(queue !== undefined, 'I/O goes to an active area');
    return queue;
  }
}

const TAG_CHUNK_SHIFT = 12;
const TAG_CHUNK_MASK = (1 << TAG_CHUNK_SHIFT) - 1;

function tagAt(queue: AreaQueue, slot: number): number {
  return queue.tags[slot >>> TAG_CHUNK_SHIFT]?.[slot & TAG_CHUNK_MASK] ?? 0;
}

function putTag(queue: AreaQueue, slot: number, tag: number): void {
  const chunk = slot >>> TAG_CHUNK_SHIFT;
  const tags = (queue.tags[chunk] ??= new Uint32Array(1 << TAG_CHUNK_SHIFT));
  tags[slot & TAG_CHUNK_MASK] = tag;
}
