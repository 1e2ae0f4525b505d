/** The small machine on which a situation is brought about: areas in RAM, real bytes, one trace. */
import { MemoryDevice, NullDevice, type BlockDevice } from '../../device/index.ts';
import { EV, type CountedName, type Hop } from '../../engine/index.ts';
import type { AddressSpace } from '../../memory/index.ts';
import type { DesignChoice, Location, Resolution } from '../../swap/index.ts';
import {
  NO_ENTRY,
  PAGE_SIZE,
  type Outcome,
  type SwapEntry,
  type VirtualPage,
} from '../../units/index.ts';
import { parseTrace, TraceWorkload } from '../../workload/index.ts';
import type { PreparedArea } from '../prepared-area.ts';
import { Machine } from '../machine.ts';
import { parseSpec } from '../spec.ts';

/** Pages of the machine's memory, of its cgroup and of a swapfile: small, so that slots come round. */
const RAM_PAGES = 256;
const MEMORY_PAGES = 64;
const AREA_PAGES = 256;
/** Percent of the machine's memory for zswap: 7 pages overflow soon, 128 hold every trace here. */
const POOL_PERCENT = { small: 3, large: 50 } as const;

export interface Scene {
  readonly trace: string;
  /**
   * zswap's pool. `small` overflows; `small-if-written-back` does so only where the design can write
   * back what overflows, for a machine that must go on.
   */
  readonly pool: 'small' | 'large' | 'small-if-written-back';
  /** Whether there is a device that takes pages, where the design can use one. */
  readonly device: 'file' | 'none';
}

/** A swapped page as a look over all pages finds it. */
export interface Swapped {
  readonly page: VirtualPage;
  readonly entry: SwapEntry;
  readonly location: Location;
}

/** A page of the small machine, and its way to its bytes. */
export interface PageView {
  /** Which page this is, in words. */
  readonly what: string;
  readonly page: number;
  readonly entry: SwapEntry;
  readonly hops: readonly Hop[];
  readonly location: Location;
  /** Everything counted on the way: locks, too. */
  readonly events: Resolution['events'];
  /** The bytes there are those that the page must hold; null where there are none to compare. */
  readonly holds: boolean | null;
}

export class Stage {
  readonly machine: Machine;
  /** Told when a device is given pages. */
  onWrite: (area: number, offsetBytes: number, lengthBytes: number) => void = () => undefined;
  /** Where each page was when it was last seen outside of memory, with its entry then. */
  readonly seen: Map<number, Swapped> = new Map<number, Swapped>();

  constructor(choice: DesignChoice, scene: Scene) {
    const { kind } = choice;
    const isSmall =
      scene.pool === 'small' || (scene.pool === 'small-if-written-back' && kind.writesBack);
    const spec = parseSpec(
      {
        design: choice.name,
        revision: choice.revision,
        machine: {
          memory: MEMORY_PAGES * PAGE_SIZE,
          ram: RAM_PAGES * PAGE_SIZE,
          // Neighbours that are read ahead would blur what one fault does.
          pageCluster: 0,
        },
        zswap: { enabled: true, maxPoolPercent: POOL_PERCENT[isSmall ? 'small' : 'large'] },
        workload: { trace: scene.trace },
      },
      'situation',
    );
    const trace = new TraceWorkload(parseTrace(scene.trace, 'situation'), { file: null });
    this.machine = new Machine(spec, this.#areas(choice, scene.device), trace);
  }

  /** Task 0, whose pages are asked about. */
  get space(): AddressSpace {
    return this.machine.spaces()[0]!;
  }

  /** Looks at one page, with every hop. */
  view(what: string, page: VirtualPage): PageView {
    const { hops, location, events, entry } = this.machine.memory.resolve(this.space, page);
    const holds = this.machine.holdsExpectedAt(0, page, location);
    return { what, page, entry, hops, location, events, holds };
  }

  /** What stands under a page's entry outside of memory, where its folio is cached; or null. */
  viewOutside(what: string, page: VirtualPage): PageView | null {
    const { outside, entry } = this.machine.memory.resolve(this.space, page);
    if (outside === null || outside.location.kind === 'nowhere') return null;
    const holds = this.machine.holdsExpectedAt(0, page, outside.location);
    return { what, page, entry, holds, ...outside };
  }

  /** Every page that a swap entry stands for, and where its bytes are. */
  survey(): Swapped[] {
    const { memory, swap, engine } = this.machine;
    if (!this.space.isAlive) return [];
    const found: Swapped[] = [];
    engine.aside(() => {
      for (let index = 0; index < this.space.pageCount; index++) {
        const page = index as VirtualPage;
        const entry = memory.entryOf(this.space, page);
        if (entry !== NO_ENTRY) found.push({ page, entry, location: swap.view.locate(entry) });
      }
    });
    for (const at of found) if (at.location.kind !== 'frame') this.seen.set(at.page, at);
    return found;
  }

  counted(name: CountedName): number {
    return this.machine.engine.counted(EV[name]);
  }

  #areas(choice: DesignChoice, device: Scene['device']): PreparedArea[] {
    const { areas, isVirtual } = choice.kind;
    // A design that brings its own device, or needs none, is given only what it writes to.
    const isGhost = areas === 'all-ghost' || device === 'none';
    const needsNone = areas === 'growing' || (isGhost && (isVirtual || areas === 'ghost-above'));
    return needsNone ? [] : [this.#area(isGhost)];
  }

  #area(isGhost: boolean): PreparedArea {
    const name = isGhost ? 'ghost.swap' : 'file.swap';
    const options = { name, sizeBytes: AREA_PAGES * PAGE_SIZE };
    return {
      type: 0,
      name,
      kind: isGhost ? 'ghost' : 'file',
      maxPages: AREA_PAGES,
      badPages: [],
      priority: 0,
      profile: 'nvme',
      device: isGhost
        ? new NullDevice(options)
        : new ObservedDevice(new MemoryDevice(options), (offset, length) => {
            this.onWrite(0, offset, length);
          }),
      problem: () => null,
    };
  }
}

/** A device that says when it is given pages, before it has them. */
class ObservedDevice implements BlockDevice {
  readonly name: string;
  readonly sizeBytes: number;
  readonly rotational: boolean;
  readonly synchronous: boolean;
  readonly #inner: BlockDevice;
  readonly #onWrite: (offsetBytes: number, lengthBytes: number) => void;

  constructor(inner: BlockDevice, onWrite: (offsetBytes: number, lengthBytes: number) => void) {
    this.name = inner.name;
    this.sizeBytes = inner.sizeBytes;
    this.rotational = inner.rotational;
    this.synchronous = inner.synchronous;
    this.#inner = inner;
    this.#onWrite = onWrite;
  }

  get completionNs(): number {
    return this.#inner.completionNs;
  }

  read(offset: number, pages: readonly Uint8Array[], count: number, nowNs: number): Outcome {
    return this.#inner.read(offset, pages, count, nowNs);
  }

  write(offset: number, pages: readonly Uint8Array[], count: number, nowNs: number): Outcome {
    this.#onWrite(offset, count * PAGE_SIZE);
    return this.#inner.write(offset, pages, count, nowNs);
  }

  readSectors(offset: number, target: Uint8Array, length: number, nowNs: number): Outcome {
    return this.#inner.readSectors(offset, target, length, nowNs);
  }

  writeSectors(offset: number, source: Uint8Array, length: number, nowNs: number): Outcome {
    this.#onWrite(offset, length);
    return this.#inner.writeSectors(offset, source, length, nowNs);
  }

  discard(offset: number, lengthBytes: number, nowNs: number): Outcome {
    return this.#inner.discard(offset, lengthBytes, nowNs);
  }

  flush(): Outcome {
    return this.#inner.flush();
  }

  close(): void {
    this.#inner.close();
  }
}
