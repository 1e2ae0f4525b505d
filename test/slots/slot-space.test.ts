import { describe, expect, it } from 'vitest';
import { CostProfile, Engine } from '../../src/engine/index.ts';
import { ClusterList, ROLE, SlotArea, SlotSpace, type SlotOwner } from '../../src/slots/index.ts';
import { entrySlot, entryType, NO_ENTRY, type SlotIndex } from '../../src/units/index.ts';

/** The least that the allocator needs: a byte a slot, 0 free, 1 used, 2 kept by the cache alone. */
class ByteOwner implements SlotOwner {
  readonly state: Uint8Array;
  readonly area: SlotArea;
  opened = 0;
  hasMemory = true;

  constructor(area: SlotArea) {
    this.area = area;
    this.state = new Uint8Array(area.maxPages);
    for (const slot of area.unusable) this.state[slot] = 1;
    area.attach(this);
  }

  isFree(slot: SlotIndex): boolean {
    return this.state[slot] === 0;
  }

  isCacheOnly(slot: SlotIndex): boolean {
    return this.state[slot] === 2;
  }

  claim(slot: SlotIndex): void {
    this.state[slot] = 1;
  }

  openCluster(): boolean {
    if (!this.hasMemory) return false;
    this.opened += 1;
    return true;
  }

  closeCluster(): void {
    this.opened -= 1;
  }

  reclaimCached(slot: SlotIndex): boolean {
    this.free(slot);
    return true;
  }

  free(slot: SlotIndex): void {
    this.area.lock(slot);
    this.state[slot] = 0;
    this.area.release(slot);
    this.area.unlock(slot);
  }
}

interface SpaceArea {
  readonly pages: number;
  readonly priority?: number;
  readonly rotational?: boolean;
  readonly badPages?: readonly number[];
  readonly isBlockDevice?: boolean;
}

function build(
  areas: readonly SpaceArea[],
  cpuCount = 1,
): { readonly space: SlotSpace; readonly owners: readonly ByteOwner[]; readonly engine: Engine } {
  const engine = new Engine({
    seed: 1,
    cpuCount,
    costs: new CostProfile({ name: 'none', description: '', prices: {} }),
  });
  const space = new SlotSpace(engine);
  const owners = areas.map((options, type) => {
    const area = new SlotArea({
      type,
      maxPages: options.pages,
      badPages: options.badPages ?? [],
      rotational: options.rotational ?? false,
      isBlockDevice: options.isBlockDevice ?? false,
      priority: options.priority ?? 0,
      engine,
      isSwapFull: () => space.isFull(),
    });
    space.add(area);
    return new ByteOwner(area);
  });
  return { space, owners, engine };
}

function take(space: SlotSpace, count: number): number[] {
  return Array.from({ length: count }, () => entrySlot(space.allocate(0)));
}

function range(start: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => start + i);
}

describe('the first slots of an area', () => {
  it('are those of cluster 0 behind the header, then clusters in ascending order', () => {
    const { space, owners } = build([{ pages: 262_144 }]);
    expect(take(space, 511 + 1024)).toEqual(range(1, 511 + 1024));
    owners[0]!.area.checkInvariants();
  });

  it('come from the partial last cluster after cluster 0, for both are on nonfull', () => {
    const { space } = build([{ pages: 262_000 }]);
    expect(take(space, 511)).toEqual(range(1, 511));
    expect(take(space, 368)).toEqual(range(261_632, 368));
    expect(take(space, 2)).toEqual([512, 513]);
  });

  it('leave out bad pages', () => {
    const { space, owners } = build([{ pages: 2048, badPages: [1, 3, 600] }]);
    expect(owners[0]!.area.usablePages).toBe(2048 - 4);
    // Cluster 1 has a bad page too, so it is on nonfull behind cluster 0 and taken before the rest.
    expect(take(space, 3)).toEqual([2, 4, 5]);
    expect(take(space, 511 - 5 + 2).slice(-3)).toEqual([511, 512, 513]);
  });

  it('are of different clusters on two CPUs', () => {
    const { space, engine } = build([{ pages: 262_144 }], 2);
    expect(entrySlot(space.allocate(0))).toBe(1);
    engine.spend(1000);
    expect(engine.selectEarliestCpu()).toBe(1);
    // Cluster 0 is on the frag list while CPU 0 is in it.
    expect(entrySlot(space.allocate(0))).toBe(512);
    expect(entrySlot(space.allocate(0))).toBe(513);
  });

  it('go on in one cluster for all CPUs of a rotating device', () => {
    const { space, engine } = build([{ pages: 262_144, rotational: true }], 2);
    expect(entrySlot(space.allocate(0))).toBe(1);
    engine.spend(1000);
    engine.selectEarliestCpu();
    expect(entrySlot(space.allocate(0))).toBe(2);
  });
});

describe('a freed slot', () => {
  it('is found again only when its cluster comes up on the nonfull list', () => {
    const { space, owners } = build([{ pages: 4096 }]);
    take(space, 600);
    owners[0]!.free(100 as SlotIndex);
    // The CPU goes on in cluster 1 and does not look back.
    expect(take(space, 423)).toEqual(range(601, 423));
    expect(take(space, 1)).toEqual([100]);
  });

  it('gives the table of its cluster back when it was the last', () => {
    const { space, owners } = build([{ pages: 4096 }]);
    take(space, 511 + 512);
    expect(owners[0]!.opened).toBe(2);
    for (const slot of range(512, 512)) owners[0]!.free(slot as SlotIndex);
    expect(owners[0]!.opened).toBe(1);
    expect(owners[0]!.area.clusters.list(1 as never)).toBe(ClusterList.free);
    owners[0]!.area.checkInvariants();
  });
});

describe('a full area', () => {
  it('gives every slot once and then none', () => {
    const { space, owners } = build([{ pages: 1500 }]);
    const slots = take(space, 1499);
    expect([...slots].sort((a, b) => a - b)).toEqual(range(1, 1499));
    expect(space.allocate(0)).toBe(NO_ENTRY);
    expect(owners[0]!.area.isFull).toBe(true);
    owners[0]!.area.checkInvariants();
  });

  it('takes slots back from the cache only when less than half of swap is free', () => {
    const { space, owners } = build([{ pages: 1024 }]);
    const owner = owners[0]!;
    take(space, 100);
    owner.state.fill(2, 1, 101);
    take(space, 411);
    expect(owner.state.slice(1, 101).every((state) => state === 2)).toBe(true);
    // Half is used now: the rest of the area, then what the cache alone holds.
    const rest = take(space, 512);
    expect(rest.every((slot) => slot >= 512)).toBe(true);
    expect(take(space, 1)[0]).toBeLessThan(101);
    owner.area.checkInvariants();
  });
});

describe('priorities', () => {
  it('decide which area is used first', () => {
    const { space } = build([
      { pages: 1024, priority: 1 },
      { pages: 1024, priority: 9 },
    ]);
    const types = Array.from({ length: 1100 }, () => entryType(space.allocate(0)));
    expect(types.slice(0, 1023).every((type) => type === 1)).toBe(true);
    expect(types.slice(1023).every((type) => type === 0)).toBe(true);
  });

  it('let equals alternate cluster by cluster', () => {
    const { space } = build([{ pages: 4096 }, { pages: 4096 }]);
    const types = Array.from({ length: 2046 }, () => entryType(space.allocate(0)));
    expect(types.slice(0, 511).every((type) => type === 0)).toBe(true);
    expect(types.slice(511, 1022).every((type) => type === 1)).toBe(true);
    expect(types.slice(1022, 1534).every((type) => type === 0)).toBe(true);
  });
});

describe('a large folio', () => {
  it('gets slots aligned to its size on a block device', () => {
    const { space } = build([{ pages: 4096, isBlockDevice: true }]);
    expect(entrySlot(space.allocate(4))).toBe(512);
    expect(entrySlot(space.allocate(4))).toBe(528);
  });

  it('gets none in a file', () => {
    const { space } = build([{ pages: 4096 }]);
    expect(space.allocate(4)).toBe(NO_ENTRY);
  });
});

describe('an area that makes clusters one by one', () => {
  it('does not keep one whose tables could not be had', () => {
    const { engine } = build([{ pages: 100 }]);
    const area = new SlotArea({
      type: 3,
      role: ROLE.virtual,
      growth: 'dynamic',
      maxPages: 8192,
      badPages: [],
      rotational: false,
      isBlockDevice: true,
      priority: 0,
      engine,
      isSwapFull: () => false,
    });
    const owner = new ByteOwner(area);
    owner.hasMemory = false;
    expect(area.allocate(0)).toBe(0);
    expect([area.supply.mappedCount, area.supply.nodeCount]).toEqual([0, 0]);
    owner.hasMemory = true;
    expect(area.allocate(0)).toBe(512);
    expect([area.supply.mappedCount, area.inUse]).toEqual([1, 1]);
    area.checkInvariants();
  });
});
