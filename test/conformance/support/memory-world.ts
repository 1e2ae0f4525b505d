/**
 * The whole of memory management over a design: faults, reclaim, readahead, shared file, swapon and
 * swapoff, moved operation by operation. Contents are content tags: numbers, 0 is zeros.
 */
import { expect } from 'vitest';
import type { Engine } from '../../../src/engine/index.ts';
import { FrameTable, TagPayload } from '../../../src/frames/index.ts';
import { MachineAreas } from '../../../src/machine/areas.ts';
import { MemoryManager, PTE, type AddressSpace } from '../../../src/memory/index.ts';
import { ZsmallocPool } from '../../../src/pool/index.ts';
import { ROLE, SlotSpace } from '../../../src/slots/index.ts';
import { SwapSystem, type SwapClient, type SwapoffResult } from '../../../src/swap/index.ts';
import {
  entryType,
  NO_ENTRY,
  NO_FRAME,
  PAGE_SIZE,
  type PageFrame,
  type SwapEntry,
  type VirtualPage,
} from '../../../src/units/index.ts';
import { defaultZswapSettings, Zswap } from '../../../src/zswap/index.ts';
import type { DesignUnderTest } from './designs.ts';
import { freeEngine } from './entry-world.ts';
import { FaultyDevice } from './faulty-device.ts';
import { compressor, HARD } from './tiny-memory.ts';

export interface MemoryOptions {
  /** Pages of each area; the design's own device comes beside them. */
  readonly areas?: readonly number[];
  readonly limitPages?: number;
  /** Limits of several cgroups; absent: one, of `limitPages`. */
  readonly limits?: readonly number[];
  /** The machine's memory: an eighth of a ghost, half of an xswap, five times the pool. */
  readonly ramPages?: number;
  readonly zswap?: boolean;
  readonly sharedPages?: number;
  readonly pageCluster?: number;
  readonly profile?: string;
}

export class MemoryWorld {
  readonly engine: Engine = freeEngine();
  readonly frames: FrameTable;
  readonly payload: TagPayload;
  readonly memory: MemoryManager;
  readonly swap: SwapSystem;
  readonly areas: MachineAreas;
  readonly devices: FaultyDevice[];
  readonly under: DesignUnderTest;
  /** Tasks that were killed. */
  kills = 0;
  readonly #spare: PageFrame;

  constructor(under: DesignUnderTest, options: MemoryOptions = {}) {
    const { engine } = this;
    const { limitPages = 40, ramPages = 128, zswap = true } = options;
    this.under = under;
    const limits = options.limits ?? [limitPages];
    this.frames = new FrameTable(limits.reduce((sum, limit) => sum + limit, 256));
    this.#spare = this.frames.frameCount as PageFrame;
    this.payload = new TagPayload(this.frames.frameCount + 1);
    this.memory = new MemoryManager(
      {
        engine,
        frames: this.frames,
        payload: this.payload,
        createSwap: (client) => this.#createSwap(client, ramPages, zswap),
        onKill: () => {
          this.kills += 1;
        },
      },
      {
        cgroups: limits.map((limit, index) => ({ name: `c${index + 1}`, limitPages: limit })),
        pageCluster: options.pageCluster ?? 3,
        swappiness: 60,
        sharedPages: options.sharedPages ?? 0,
      },
    );
    this.swap = this.memory.swap;
    this.areas = new MachineAreas(engine, this.swap, under.kind);
    const isGhost = under.kind.areas === 'all-ghost';
    // A growing device takes everything; files beside it would only be written to when it is full.
    const pages = under.kind.areas === 'growing' ? [] : (options.areas ?? [300, 300]);
    this.devices = pages.map(
      (count, type) => new FaultyDevice({ name: `area${type}`, pages: count, hasBytes: false }),
    );
    for (const [type, device] of this.devices.entries())
      this.areas.add({
        type,
        name: device.name,
        kind: isGhost ? 'ghost' : 'file',
        maxPages: device.sizeBytes / PAGE_SIZE,
        badPages: [],
        priority: 0,
        profile: options.profile ?? 'nvme',
        device,
        problem: () => null,
      });
    this.areas.addOwn(ramPages);
  }

  space(pages: number, cgroup = 1): AddressSpace {
    return this.memory.createSpace(pages, cgroup);
  }

  /** Writes a content; false when the task was killed. */
  write(space: AddressSpace, page: number, content: number): boolean {
    const frame = this.memory.touch(space, page as VirtualPage, true);
    if (!space.isAlive) return false;
    this.payload.setTag(frame, tagOf(content));
    return true;
  }

  /** What a read finds; -1 when the task was killed. */
  read(space: AddressSpace, page: number): number {
    const frame = this.memory.touch(space, page as VirtualPage, false);
    if (!space.isAlive) return -1;
    return frame === NO_FRAME ? 0 : this.payload.tag(frame) >>> 13;
  }

  /** What a page holds, without a fault and uncounted; -1 when it is nowhere. */
  peek(space: AddressSpace, page: number): number {
    let content = -1;
    this.engine.aside(() => {
      if (this.memory.peek(space, page as VirtualPage, this.#spare))
        content = this.payload.tag(this.#spare) >>> 13;
    });
    return content;
  }

  drop(space: AddressSpace, page: number): void {
    this.memory.drop(space, page as VirtualPage);
  }

  /** The swap entry that a page table holds at a page. */
  entryOf(space: AddressSpace, page: number): SwapEntry {
    const at = page as VirtualPage;
    return (space.flags(at) & PTE.swap) !== 0 ? space.entry(at) : NO_ENTRY;
  }

  /** Pages of a space whose page table entry is a swap entry. */
  swapped(space: AddressSpace): number[] {
    return Array.from({ length: space.pageCount }, (_, page) => page).filter(
      (page) => this.entryOf(space, page) !== NO_ENTRY,
    );
  }

  /** Reclaims until so many pages can be charged, as far as that goes. */
  squeeze(pages: number): void {
    this.memory.reserveFolios(pages, 1);
  }

  /** zswap writes back up to so many entries of each cgroup; returns how many it did. */
  shrink(pages: number): number {
    const { zswap } = this.swap;
    let written = 0;
    for (const { id } of this.memory.cgroups.all) {
      // The first look takes the second chance.
      zswap.pickBatch(pages, id);
      zswap.pickBatch(pages, id);
      written += zswap.writeBackPicked();
    }
    return written;
  }

  swapoff(type: number): SwapoffResult {
    return this.areas.swapoff(`area${type}`);
  }

  /** Types of the areas in use. */
  types(): number[] {
    return this.swap.areas().map(({ type }) => type);
  }

  /** True when no page table and no index holds an entry of the area. */
  isUnused(type: number, spaces: readonly AddressSpace[]): boolean {
    return spaces.every((space) =>
      Array.from({ length: space.pageCount }, (_, page) => [
        this.entryOf(space, page),
        this.memory.sharedEntry(space, page as VirtualPage),
      ])
        .flat()
        .every((entry) => entry === NO_ENTRY || entryType(entry) !== type),
    );
  }

  slotsInUse(): number {
    return this.swap.space
      .areas()
      .filter((area) => area.role !== ROLE.virtual)
      .reduce((sum, area) => sum + area.inUse, 0);
  }

  check(): void {
    this.memory.checkInvariants();
  }

  /** After the last task nothing is left: frames, slots, entries, pool, charges. */
  checkEmpty(): void {
    this.check();
    const { all } = this.memory.cgroups;
    for (const cgroup of all) cgroup.drainStock();
    expect({
      frames: this.frames.frameCount - this.frames.freeCount,
      entries: this.swap.design.entriesInUse(),
      slots: this.slotsInUse(),
      zswap: this.swap.zswap.entries.count,
      pool: this.swap.zswap.gauges()['pool_total_size'],
      charged: all.reduce((sum, { id }) => sum + this.swap.chargedEntries(id), 0),
      usage: all.reduce((sum, { usagePages }) => sum + usagePages, 0),
    }).toEqual({ frames: 0, entries: 0, slots: 0, zswap: 0, pool: 0, charged: 0, usage: 0 });
  }

  #createSwap(client: SwapClient, ramPages: number, enabled: boolean): SwapSystem {
    const { engine, frames, payload } = this;
    const { kind, revision } = this.under;
    const space = new SlotSpace(engine, kind.perCpuCluster);
    return new SwapSystem({
      engine,
      frames,
      payload,
      space,
      client,
      createDesign: (host) => kind.create({ engine, frames, space, host, revision }),
      createZswap: (design, target) =>
        new Zswap(
          {
            engine,
            frames,
            payload,
            createPool: (mayGrow) => new ZsmallocPool({ engine, bytes: false, mayGrow }),
            compressor,
            index: design.backing.zswap,
            target,
            ramPages,
          },
          {
            ...defaultZswapSettings,
            enabled,
            maxPoolPercent: 20,
            acceptThresholdPercent: 90,
            writebackBatch: 8,
          },
        ),
    });
  }
}

/** The content tag of a content: zeros, compressible, or (from HARD on) not. */
function tagOf(content: number): number {
  return content === 0 ? 0 : (content << 13) | (content >= HARD ? PAGE_SIZE : 700);
}
