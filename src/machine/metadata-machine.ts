/**
 * A swap system brought into a state: so many pages swapped out, to zswap or to a device, and
 * nothing else going on. Its metadata is read from what is allocated then.
 *
 * Everything under memory management is the real thing; memory itself is one frame that is swapped
 * out again and again. Pages have no bytes (payload none): terabytes fit.
 */
import { createCompressor } from '../codec/index.ts';
import { NullDevice } from '../device/index.ts';
import { CostProfile, Engine } from '../engine/index.ts';
import { FrameTable, PG, TAG_LENGTH_BITS, TagPayload } from '../frames/index.ts';
import { ZsmallocPool } from '../pool/index.ts';
import { ROLE, SlotSpace } from '../slots/index.ts';
import {
  chooseDesign,
  SwapSystem,
  type DesignKind,
  type MetadataTerm,
  type SwapClient,
} from '../swap/index.ts';
import {
  assert,
  NO_FRAME,
  PAGE_SIZE,
  SWAPFILE_CLUSTER,
  SWAPFILE_MAX_PAGES,
  UsageError,
  type PageFrame,
  type SwapEntry,
} from '../units/index.ts';
import { defaultZswapSettings, Zswap } from '../zswap/index.ts';
import { MachineAreas } from './areas.ts';

export type MetadataBackend = 'zswap' | 'disk';

export interface MetadataState {
  /** NAME or NAME:REVISION. */
  readonly design: string;
  readonly backend: MetadataBackend;
  /** Room for pages; the header page comes on top. */
  readonly sizeBytes: number;
  readonly seed: number;
}

/**
 * Compressed bytes of every page in zswap: they decide nothing about a design's metadata. The
 * smallest class puts 128 of them on a page: 32 GiB fill in three quarters of the time of 1024.
 */
const COMPRESSED_BYTES = 1;
/** A shadow that an evicted folio could have left: age 1, cgroup 1. */
const SHADOW = 2 ** 17 + 2;
/** Folios whose writes are sent together, and frames that the machine has. */
const BATCH = 256;
const CGROUP = 1;

/** True when pages of the design can be on the backend at all. */
export function hasBackend(kind: DesignKind, backend: MetadataBackend): boolean {
  return backend === 'zswap' || kind.writesBack;
}

/** Told now and then how many pages are used. */
type UsedPages = (usedPages: number) => void;
const NOBODY: UsedPages = () => undefined;
/** Pages after which a caller is told how far it is. */
const PAGES_PER_TURN = 1 << 16;

export class MetadataMachine {
  readonly pageCount: number;
  readonly #engine: Engine;
  readonly #frames: FrameTable = new FrameTable(BATCH);
  readonly #payload: TagPayload = new TagPayload(BATCH);
  readonly #swap: SwapSystem;
  readonly #seed: number;
  /** Entries that hold a page, in no order after frees. */
  readonly #entries: Uint32Array;
  #used = 0;
  #waiting: PageFrame[] = [];

  constructor(state: MetadataState) {
    const { kind, revision } = chooseDesign(state.design, '--design');
    this.pageCount = state.sizeBytes / PAGE_SIZE;
    // An area has at most 1 TiB with its header.
    const isSize = Number.isInteger(this.pageCount) && this.pageCount >= 1;
    if (!isSize || this.pageCount >= SWAPFILE_MAX_PAGES)
      throw new UsageError(
        `--size: ${state.sizeBytes} bytes are not accepted; ` +
          'accepted: 4096 bytes to less than 1T, in whole pages of 4096 bytes',
      );
    this.#seed = state.seed;
    this.#entries = new Uint32Array(this.pageCount);
    this.#engine = new Engine({
      seed: state.seed,
      cpuCount: 1,
      costs: new CostProfile({ name: 'none', description: '', prices: {} }),
    });
    this.#swap = this.#createSwap(kind, revision, state.backend === 'zswap');
    const areas = new MachineAreas(this.#engine, this.#swap, kind);
    // Virtual slots need no area for what is in zswap.
    const needsArea = !(kind.isVirtual && state.backend === 'zswap') && kind.areas !== 'growing';
    if (needsArea) areas.add(imaginedArea(this.pageCount, kind, state.backend));
    areas.addOwn(0, this.pageCount + 1);
  }

  /** Pages that are swapped out now. */
  get usedPages(): number {
    return this.#used;
  }

  /** Slots of the areas' clusters that can hold no page: headers, and the rest of last clusters. */
  get slotsWithoutPage(): number {
    return this.#swap.space
      .areas()
      .filter((area) => area.role !== ROLE.virtual)
      .map(
        (area) => Math.ceil(area.maxPages / SWAPFILE_CLUSTER) * SWAPFILE_CLUSTER - area.usablePages,
      )
      .reduce((sum, slots) => sum + slots, 0);
  }

  /** Swaps pages out until `count` are. */
  fillTo(count: number, onProgress: UsedPages = NOBODY): void {
    while (this.#used < count) {
      if (this.#used % PAGES_PER_TURN === 0) onProgress(this.#used);
      this.#swapOut();
      if (this.#waiting.length === BATCH - 1 || this.#used === count) this.#flush();
    }
  }

  /** Frees pages picked at random until `count` are left. */
  freeTo(count: number, onProgress: UsedPages = NOBODY): void {
    const random = this.#engine.stream(`frees.${this.#seed}`);
    while (this.#used > count) {
      if (this.#used % PAGES_PER_TURN === 0) onProgress(this.#used);
      const at = random.below(this.#used);
      const entry = this.#entries[at]! as SwapEntry;
      this.#used -= 1;
      this.#entries[at] = this.#entries[this.#used]!;
      this.#swap.forgetRange(entry, 1);
    }
  }

  /** What is allocated now, by term; the device's own bytes and the pool's are none. */
  metadata(): MetadataTerm[] {
    this.#swap.endRound();
    return this.#swap.design.metadata();
  }

  /** What zswap itself keeps for its pages, whatever the design. */
  zswapMetadata(): MetadataTerm[] {
    const { entries, handles } = this.#swap.zswap.metadataBytes();
    const units = this.#swap.zswap.entries.count;
    return [
      { term: 'zswap_entry', kind: 'dynamic', bytes: entries, units },
      { term: 'zs_handle', kind: 'dynamic', bytes: handles, units },
    ];
  }

  /** Frees everything; nothing may be left. */
  clear(): void {
    for (let i = 0; i < this.#used;) {
      const first = this.#entries[i]!;
      let count = 1;
      while (
        i + count < this.#used &&
        count < SWAPFILE_CLUSTER &&
        this.#entries[i + count] === first + count
      )
        count += 1;
      this.#swap.forgetRange(first as SwapEntry, count);
      i += count;
    }
    this.#used = 0;
    this.#swap.endRound();
    assert(this.#swap.design.entriesInUse() === 0, 'every swap entry came back');
    assert(this.#swap.zswap.entries.count === 0, 'every zswap entry came back');
    assert(this.#frames.freeCount === BATCH, 'every frame came back');
  }

  checkInvariants(): void {
    this.#swap.checkInvariants();
  }

  #swapOut(): void {
    const { entries } = this.#swap.design;
    const frame = this.#frames.allocate(CGROUP);
    const identity = 1 + (this.#used & 0x3ffff);
    this.#payload.setTag(frame, ((identity << TAG_LENGTH_BITS) | COMPRESSED_BYTES) >>> 0);
    assert(this.#swap.addToSwap(frame), 'the area has room for all pages that it was made for');
    const entry = this.#frames.entry(frame);
    assert(entries.duplicate(entry) === 'ok', 'a first reference needs no memory');
    this.#entries[this.#used] = entry;
    this.#used += 1;
    const result = this.#swap.writeOut(frame);
    assert(result === 'stored' || result === 'queued', 'the backend takes every page');
    if (result === 'stored') this.#evict(frame);
    else this.#waiting.push(frame);
  }

  #flush(): void {
    this.#swap.endRound();
    for (const frame of this.#waiting) this.#evict(frame);
    this.#waiting = [];
  }

  #evict(frame: PageFrame): void {
    this.#swap.design.entries.removeFolio(this.#frames.entry(frame), SHADOW);
    this.#frames.clear(frame, PG.dirty | PG.reclaim);
    this.#frames.free(frame);
  }

  #createSwap(kind: DesignKind, revision: string, hasZswap: boolean): SwapSystem {
    const engine = this.#engine;
    const frames = this.#frames;
    const payload = this.#payload;
    const space = new SlotSpace(engine, kind.perCpuCluster);
    return new SwapSystem({
      engine,
      frames,
      payload,
      space,
      client: noMemory,
      createDesign: (host) => kind.create({ engine, frames, space, host, revision }),
      createZswap: (design, target) =>
        new Zswap(
          {
            engine,
            frames,
            payload,
            createPool: (mayGrow) => new ZsmallocPool({ engine, bytes: false, mayGrow }),
            compressor: createCompressor('lz4', 'zswap.compressor'),
            index: design.backing.zswap,
            target,
            // The pool holds whatever is stored.
            ramPages: Number.MAX_SAFE_INTEGER / 100,
          },
          {
            ...defaultZswapSettings,
            enabled: hasZswap,
            maxPoolPercent: 100,
            acceptThresholdPercent: 90,
            writebackBatch: 1,
          },
        ),
    });
  }
}

/** An area of `pages` and its header, without a file. */
function imaginedArea(
  pages: number,
  kind: DesignKind,
  backend: MetadataBackend,
): Parameters<MachineAreas['add']>[0] {
  const maxPages = pages + 1;
  // Pages that stay in zswap need the ghost above only; it is of the size that was asked for.
  const isGhost = kind.areas === 'ghost-above' && backend === 'zswap';
  return {
    type: 0,
    name: 'area',
    kind: isGhost ? 'ghost' : 'file',
    maxPages,
    badPages: [],
    priority: 0,
    profile: 'nvme',
    device: new NullDevice({ name: 'area', sizeBytes: maxPages * PAGE_SIZE }),
    problem: () => null,
  };
}

/** No folio is allocated, mapped or read here: pages only go out. */
const noMemory: SwapClient = {
  allocateFolio: () => NO_FRAME,
  reserveFolios: () => 0,
  folioInserted: () => undefined,
  releaseFolio: () => undefined,
  readSubmitted: () => undefined,
  waitForRead: () => undefined,
  unuse: () => 'ENOMEM',
  writeEnded: () => undefined,
};
