/**
 * A swap system under the smallest memory management there can be: processes with page tables of a
 * few pages, fork, faults, copy on write, and one page at a time swapped out by name. Nothing
 * happens by itself, so a test can put any two things beside each other.
 */
import { expect } from 'vitest';
import { createCompressor, type Compressor } from '../../../src/codec/index.ts';
import { MappedDevice, type BlockDevice, type CompressedForm } from '../../../src/device/index.ts';
import type { Engine } from '../../../src/engine/index.ts';
import {
  BytePayload,
  FrameTable,
  PG,
  TagPayload,
  type Payload,
} from '../../../src/frames/index.ts';
import { ZsmallocPool } from '../../../src/pool/index.ts';
import { ROLE, SlotSpace, type SlotArea } from '../../../src/slots/index.ts';
import {
  SwapSystem,
  type SameFilled,
  type SwapClient,
  type SwapoffResult,
} from '../../../src/swap/index.ts';
import {
  assert,
  entryType,
  NO_ENTRY,
  NO_FRAME,
  PAGE_SIZE,
  type Outcome,
  type PageFrame,
  type SwapEntry,
} from '../../../src/units/index.ts';
import {
  defaultZswapSettings,
  generations,
  Zswap,
  type ZswapVersion,
} from '../../../src/zswap/index.ts';
import { slotAreas, type DesignUnderTest, type TestArea } from './designs.ts';
import { freeEngine, shadowOf } from './entry-world.ts';
import { FaultyDevice } from './faulty-device.ts';
import { HookedTarget, type WritebackHooks } from './hooked-target.ts';
import { mustEqual } from './must-equal.ts';
import { PlainPool } from './plain-pool.ts';

export interface TinyOptions {
  readonly areas?: readonly TestArea[];
  readonly ownPages?: number;
  readonly zswap?: boolean;
  readonly zswapVersion?: ZswapVersion;
  /** memory.zswap.writeback of the one cgroup. */
  readonly zswapWriteback?: boolean;
  readonly sameFilled?: SameFilled;
  /** Pages that zswap's pool may take. */
  readonly poolPages?: number;
  readonly payload?: 'bytes' | 'none';
  readonly frameCount?: number;
  readonly processes?: number;
  readonly synchronous?: boolean;
  /** zswap writes compressed pages as they are, to areas with a location map of this form. */
  readonly form?: CompressedForm;
  /** Pages of the device behind a map; absent: more than enough for its slots. */
  readonly innerPages?: number;
}

/** A page table entry: nothing, a frame, or a swap entry. */
interface Pte {
  frame: PageFrame;
  entry: SwapEntry;
}

/** Contents are numbers: 0 is zeros, below 1000 compresses, from 1000 on does not. */
export const HARD = 1000;
const CGROUP = 1;
/** So that the largest segments leave a map with more than its slots. */
const ROOM_PAGES = 256;

/** One for all worlds: it keeps nothing, and looking its version up takes longer than the rest. */
export const compressor: Compressor = createCompressor('lz4', 'test');

export class TinyMemory implements SwapClient {
  readonly under: DesignUnderTest;
  readonly engine: Engine = freeEngine();
  readonly frames: FrameTable;
  readonly payload: Payload;
  readonly swap: SwapSystem;
  readonly devices: FaultyDevice[] = [];
  /** The maps in front of them, by area; none without a form. */
  readonly maps: (MappedDevice | undefined)[] = [];
  /** zswap's, where pages have no bytes. */
  readonly pool: PlainPool = new PlainPool();
  /** What happens in the middle of a batch's writeback. */
  readonly hooks: WritebackHooks = { filled: undefined, submitted: undefined };
  /** Runs once, at the next allocation of a folio: what making room for it may do. */
  onAllocate: (() => void) | undefined;
  readonly #tables: (Map<number, Pte> | undefined)[];
  readonly #spare: PageFrame;
  /** The areas anew, with nothing in them. */
  readonly #slotAreas: () => SlotArea[];

  constructor(under: DesignUnderTest, options: TinyOptions = {}) {
    const { engine } = this;
    const { zswap = true, poolPages = 20, payload = 'none', frameCount = 24 } = options;
    this.under = under;
    this.frames = new FrameTable(frameCount);
    this.#spare = frameCount as PageFrame;
    this.payload =
      payload === 'bytes' ? new BytePayload(frameCount + 1) : new TagPayload(frameCount + 1);
    this.#tables = Array.from({ length: options.processes ?? 1 }, () => new Map<number, Pte>());
    const { frames } = this;
    const space = new SlotSpace(engine, under.kind.perCpuCluster);
    this.swap = new SwapSystem({
      engine,
      frames,
      payload: this.payload,
      space,
      client: this,
      sameFilled: options.sameFilled ?? 'zero',
      createDesign: (host) =>
        under.kind.create({ engine, frames, space, host, revision: under.revision }),
      createZswap: (design, target) =>
        new Zswap(
          {
            engine,
            frames,
            payload: this.payload,
            createPool: () =>
              payload === 'bytes' ? new ZsmallocPool({ engine, bytes: true }) : this.pool,
            compressor,
            index: design.backing.zswap,
            target: new HookedTarget(target, this.hooks),
            ramPages: poolPages * 5,
            cgroups: [
              {
                id: CGROUP,
                zswapMaxBytes: Infinity,
                zswapWriteback: options.zswapWriteback ?? true,
              },
            ],
          },
          {
            ...defaultZswapSettings,
            enabled: zswap,
            version: options.zswapVersion ?? defaultZswapSettings.version,
            maxPoolPercent: 20,
            acceptThresholdPercent: 90,
            writebackBatch: 32,
            writesCompressed: options.form !== undefined,
          },
        ),
    });
    this.#slotAreas = () =>
      slotAreas({
        design: under,
        engine,
        isSwapFull: () => space.isFull(),
        areas: options.areas ?? [{ pages: 64 }],
        ownPages: options.ownPages ?? 64,
        onSlotFreed: (type, slot) => this.maps[type]?.slotFreed(slot),
      });
    for (const area of this.#slotAreas()) {
      const isMapped = options.form !== undefined && area.role === ROLE.plain;
      const device = new FaultyDevice({
        name: `area${area.type}`,
        pages: isMapped ? (options.innerPages ?? 2 * area.maxPages + ROOM_PAGES) : area.maxPages,
        hasBytes: payload === 'bytes' && area.role === ROLE.plain,
        synchronous: options.synchronous ?? false,
      });
      this.devices.push(device);
      space.add(area);
      if (isMapped)
        this.maps[area.type] = new MappedDevice({
          ...{ inner: device, engine, form: options.form, hasBytes: payload === 'bytes' },
          ...(options.form === 'slot' ? {} : { slots: area.maxPages - 1 }),
        });
      this.swap.addArea({ type: area.type, name: device.name, device: this.#outer(area.type) });
    }
  }

  // --- What a process does -----------------------------------------------------------------------

  /** Writes a content; ENOMEM and EIO leave the page as it was. */
  write(process: number, page: number, content: number): Outcome {
    const outcome = this.#fault(process, page);
    if (outcome !== 'ok') return outcome;
    const pte = this.#pte(process, page);
    if (pte.frame === NO_FRAME || !this.#isAlone(pte.frame)) {
      const copy = this.allocateFolio(CGROUP);
      if (copy === NO_FRAME) return 'ENOMEM';
      if (pte.frame !== NO_FRAME) this.#unmap(pte);
      this.#map(pte, copy, process, page);
    }
    this.#fill(pte.frame, content);
    this.frames.set(pte.frame, PG.dirty | PG.uptodate);
    return 'ok';
  }

  /** What a read of the page finds, through a fault. */
  read(process: number, page: number): number | Outcome {
    const outcome = this.#fault(process, page);
    if (outcome !== 'ok') return outcome;
    const { frame } = this.#pte(process, page);
    return frame === NO_FRAME ? 0 : this.contentOf(frame);
  }

  /** madvise(DONTNEED). */
  drop(process: number, page: number): void {
    const pte = this.#pte(process, page);
    if (pte.entry !== NO_ENTRY) {
      const { entry } = pte;
      pte.entry = NO_ENTRY;
      this.swap.forgetRange(entry, 1);
    } else if (pte.frame !== NO_FRAME) this.#unmap(pte);
    this.#tables[process]!.delete(page);
  }

  /** Drops pages whose entries follow each other in one call. */
  dropRange(process: number, first: number, count: number): void {
    const entry = this.entryOf(process, first);
    for (let i = 0; i < count; i++) {
      expect(this.entryOf(process, first + i)).toBe(entry + i);
      this.#tables[process]!.delete(first + i);
    }
    this.swap.forgetRange(entry, count);
  }

  /** A child with the same pages; null when a count could not grow: nothing is left of it then. */
  fork(parent: number): number | null {
    const free = this.#tables.indexOf(undefined);
    const child = free < 0 ? this.#tables.length : free;
    this.#tables[child] = new Map();
    for (const [page, { frame, entry }] of this.#tables[parent]!) {
      if (entry !== NO_ENTRY && this.swap.design.entries.duplicate(entry) !== 'ok') {
        this.exit(child);
        return null;
      }
      const pte = this.#pte(child, page);
      pte.entry = entry;
      if (frame !== NO_FRAME) this.#map(pte, frame, child, page);
    }
    return child;
  }

  exit(process: number): void {
    for (const page of [...this.#tables[process]!.keys()]) this.drop(process, page);
    this.#tables[process] = undefined;
  }

  // --- What the kernel does ----------------------------------------------------------------------

  /**
   * Swaps one page out as reclaim does.
   * @returns true when it is out of memory; false when it stays (no room, or a write failed)
   */
  swapOut(process: number, page: number): boolean {
    const { frame } = this.#pte(process, page);
    if (frame === NO_FRAME) return false;
    if (!this.frames.has(frame, PG.swapcache)) {
      if (!this.swap.addToSwap(frame)) return false;
      this.frames.set(frame, PG.dirty);
    }
    const entry = this.frames.entry(frame);
    for (const pte of this.#ptesOf(frame)) {
      if (this.swap.design.entries.duplicate(entry) !== 'ok') return false;
      pte.frame = NO_FRAME;
      pte.entry = entry;
      this.frames.dropMapping(frame);
    }
    return this.evict(entry);
  }

  /** Writes a page that must be held in memory out, and says under which entry. */
  swapOutNew(process: number, page: number, content: number): SwapEntry {
    expect(this.write(process, page, content)).toBe('ok');
    expect(this.swapOut(process, page)).toBe(true);
    return this.entryOf(process, page);
  }

  /** The cached, unmapped folio of an entry goes, written before if need be. */
  evict(entry: SwapEntry): boolean {
    const frame = this.swap.lookup(entry);
    if (frame === NO_FRAME || this.frames.mapCount(frame) > 0) return false;
    if (this.frames.has(frame, PG.dirty)) {
      const result = this.swap.writeOut(frame);
      this.swap.endRound();
      if (result === 'freed') {
        this.releaseFolio(frame);
        return true;
      }
      if (result === 'activate') return false;
    }
    if (this.frames.has(frame, PG.dirty | PG.writeback)) return false;
    this.swap.design.entries.removeFolio(entry, shadowOf(CGROUP));
    this.releaseFolio(frame);
    return true;
  }

  /** Drops every cached folio that can go. */
  evictAll(): void {
    for (const frame of this.cached()) this.evict(this.frames.entry(frame));
  }

  /** zswap writes everything back that it can; returns the pages. */
  shrink(): number {
    this.pickAll();
    return this.swap.zswap.writeBackPicked();
  }

  /** Picks all entries of zswap, whose second chance is taken away first. */
  pickAll(): number {
    const { zswap } = this.swap;
    const { lists, hasSecondChance } = generations[zswap.settings.version];
    const all: SwapEntry[] = [];
    zswap.entries.forEach((entry) => all.push(entry));
    const list = lists === 'cgroup' || all.length === 0 ? CGROUP : entryType(all[0]!);
    if (hasSecondChance) zswap.pickBatch(all.length, list);
    return zswap.pickBatch(all.length, list);
  }

  swapoff(type: number): SwapoffResult {
    return this.swap.swapoff(type);
  }

  /** Puts an area that was given up to use again, as it was at first. */
  swapon(type: number): void {
    const area = this.#slotAreas().find((candidate) => candidate.type === type)!;
    this.swap.space.add(area);
    const { name } = this.devices[type]!;
    this.swap.addArea({ type, name, device: this.#outer(type) });
  }

  // --- What a test asks --------------------------------------------------------------------------

  processes(): number[] {
    return [...this.#tables.keys()].filter((process) => this.#tables[process] !== undefined);
  }

  pagesOf(process: number): number[] {
    return [...this.#tables[process]!.keys()];
  }

  entryOf(process: number, page: number): SwapEntry {
    return this.#tables[process]!.get(page)?.entry ?? NO_ENTRY;
  }

  frameOf(process: number, page: number): PageFrame {
    return this.#tables[process]!.get(page)?.frame ?? NO_FRAME;
  }

  /** What a page holds, without a fault; -1 when it is nowhere. */
  peek(process: number, page: number): number {
    const entry = this.entryOf(process, page);
    const frame = this.frameOf(process, page);
    if (frame !== NO_FRAME) return this.contentOf(frame);
    if (entry === NO_ENTRY) return 0;
    return this.swap.peek(entry, this.#spare) ? this.contentOf(this.#spare) : -1;
  }

  /** Folios in the swap cache. */
  cached(): PageFrame[] {
    return [...this.frames.allocated()].filter((frame) => this.frames.has(frame, PG.swapcache));
  }

  /** Slots of areas in use, without virtual ones. */
  slotsInUse(): number {
    return this.swap.space
      .areas()
      .filter((area) => area.role !== ROLE.virtual)
      .reduce((sum, area) => sum + area.inUse, 0);
  }

  /** Bytes of the content of a frame as a number. */
  contentOf(frame: PageFrame): number {
    if (this.payload.kind === 'none') return this.payload.tag(frame) >>> 13;
    return Buffer.from(this.payload.view(frame)).readUInt32LE(0);
  }

  /**
   * Everything agrees: tables among themselves, and what is in use with what page tables and the
   * cache refer to, so that nothing is leaked.
   */
  check(): void {
    this.swap.checkInvariants();
    for (const map of this.maps) map?.checkInvariants();
    const { design, zswap } = this.swap;
    const references = new Map<SwapEntry, number>();
    for (const process of this.processes())
      for (const { entry } of this.#tables[process]!.values())
        if (entry !== NO_ENTRY) references.set(entry, (references.get(entry) ?? 0) + 1);
    const inUse = new Set(references.keys());
    const cached = this.cached();
    for (const frame of cached) inUse.add(this.frames.entry(frame));
    const entries = [...inUse];
    mustEqual(
      entries.map((entry) => design.entries.count(entry)),
      entries.map((entry) => references.get(entry) ?? 0),
    );
    const allocated = [...this.frames.allocated()];
    const slots = this.slotsInUse();
    mustEqual(
      {
        entries: design.entriesInUse(),
        zswap: zswap.entries.count,
        zeros: design.zeroEntries(),
        folios: allocated.length,
        charged: this.swap.chargedEntries(CGROUP),
      },
      {
        entries: inUse.size,
        zswap: entries.filter((entry) => zswap.holds(entry)).length,
        zeros: entries.filter((entry) => design.entries.isZero(entry)).length,
        folios: allocated.filter(
          (frame) => this.frames.mapCount(frame) > 0 || this.frames.has(frame, PG.swapcache),
        ).length,
        charged: this.under.kind.isVirtual ? slots : inUse.size,
      },
    );
  }

  /** All processes go, and nothing is left of them. */
  checkEmpty(): void {
    for (const process of this.processes()) this.exit(process);
    this.evictAll();
    this.check();
    const { design, zswap } = this.swap;
    mustEqual(
      {
        entries: design.entriesInUse(),
        zswap: zswap.entries.count,
        slots: this.slotsInUse(),
        frames: this.frames.frameCount - this.frames.freeCount,
        pool: zswap.gauges()['pool_total_size'],
        live: this.maps.reduce((sum, map) => sum + (map?.stats().liveBytes ?? 0), 0),
      },
      { entries: 0, zswap: 0, slots: 0, frames: 0, pool: 0, live: 0 },
    );
  }

  // --- SwapClient --------------------------------------------------------------------------------

  allocateFolio(cgroup: number): PageFrame {
    const { onAllocate } = this;
    this.onAllocate = undefined;
    onAllocate?.();
    return this.frames.allocate(cgroup);
  }

  reserveFolios(count: number): number {
    return Math.min(count, this.frames.freeCount);
  }

  folioInserted(): void {
    // No lists here.
  }

  releaseFolio(frame: PageFrame): void {
    this.frames.clear(frame, PG.dirty);
    this.frames.free(frame);
  }

  readSubmitted(): void {
    // Nobody waits here.
  }

  waitForRead(): void {
    // Nor here.
  }

  unuse(type: number): Outcome {
    for (const process of this.processes())
      for (const page of this.pagesOf(process)) {
        const { entry } = this.#pte(process, page);
        if (entry === NO_ENTRY || entryType(entry) !== type) continue;
        const outcome = this.#fault(process, page);
        if (outcome !== 'ok') return outcome;
        this.swap.freeSwap(this.#pte(process, page).frame);
      }
    return 'ok';
  }

  writeEnded(): void {
    // Nobody waits here.
  }

  // --- Inside ------------------------------------------------------------------------------------

  /** Brings a swapped page into memory and maps it. */
  #fault(process: number, page: number): Outcome {
    const pte = this.#pte(process, page);
    const { entry } = pte;
    if (entry === NO_ENTRY) return 'ok';
    const frame = this.swap.swapIn(entry);
    if (frame === NO_FRAME) return 'ENOMEM';
    if (this.frames.has(frame, PG.error)) return 'EIO';
    this.swap.put(entry);
    pte.entry = NO_ENTRY;
    this.#map(pte, frame, process, page);
    return 'ok';
  }

  /** Nobody else maps the folio, and no swap entry stands for it any more. */
  #isAlone(frame: PageFrame): boolean {
    if (this.frames.mapCount(frame) > 1) return false;
    this.swap.freeSwap(frame);
    return !this.frames.has(frame, PG.swapcache);
  }

  #map(pte: Pte, frame: PageFrame, process: number, page: number): void {
    pte.frame = frame;
    this.frames.addMapping(frame, process, page);
  }

  #unmap(pte: Pte): void {
    const { frame } = pte;
    pte.frame = NO_FRAME;
    this.frames.dropMapping(frame);
    if (this.frames.mapCount(frame) > 0) return;
    if (this.frames.has(frame, PG.swapcache) && !this.swap.freeSwap(frame)) return;
    this.releaseFolio(frame);
  }

  #outer(type: number): BlockDevice {
    return this.maps[type] ?? this.devices[type]!;
  }

  #pte(process: number, page: number): Pte {
    const table = this.#tables[process];
    assert(table !== undefined, 'a process that is there touches its pages');
    let pte = table.get(page);
    if (pte === undefined) table.set(page, (pte = { frame: NO_FRAME, entry: NO_ENTRY }));
    return pte;
  }

  #ptesOf(frame: PageFrame): Pte[] {
    return this.processes().flatMap((process) =>
      [...this.#tables[process]!.values()].filter((pte) => pte.frame === frame),
    );
  }

  #fill(frame: PageFrame, content: number): void {
    if (this.payload.kind === 'none') {
      const length = content >= HARD ? PAGE_SIZE : 500;
      this.payload.setTag(frame, content === 0 ? 0 : (content << 13) | length);
      return;
    }
    const words = new Uint32Array(PAGE_SIZE / 4).fill(content);
    if (content >= HARD) {
      let state = content;
      for (let i = 1; i < words.length; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        words[i] = state ^ (state >>> 13);
      }
    }
    this.payload.view(frame).set(new Uint8Array(words.buffer));
  }
}
