import { describe, expect, it } from 'vitest';
import { CostProfile, Engine } from '../../src/engine/index.ts';
import {
  PER_CPU_CLUSTER,
  ROLE,
  SlotArea,
  SlotSpace,
  type PerCpuCluster,
  type SlotOwner,
} from '../../src/slots/index.ts';
import { entrySlot, entryType, NO_ENTRY, type SlotIndex } from '../../src/units/index.ts';

/** Slots of a batch of writeback. */
const BATCH = 32;

/** One area whose slots are taken and freed by hand. */
class World implements SlotOwner {
  readonly engine: Engine = new Engine({
    seed: 1,
    cpuCount: 1,
    costs: new CostProfile({ name: 'none', description: '', prices: {} }),
  });
  readonly space: SlotSpace;
  readonly area: SlotArea;
  readonly #taken: Uint8Array;

  constructor(perCpuCluster: PerCpuCluster, pages: number) {
    const { engine } = this;
    this.space = new SlotSpace(engine, perCpuCluster);
    this.#taken = new Uint8Array(pages);
    this.#taken[0] = 1;
    this.area = new SlotArea({
      type: 0,
      maxPages: pages,
      badPages: [],
      rotational: false,
      isBlockDevice: false,
      priority: 0,
      engine,
      isSwapFull: () => false,
    });
    this.space.add(this.area);
    this.area.attach(this);
  }

  isFree(slot: SlotIndex): boolean {
    return this.#taken[slot] === 0;
  }

  isCacheOnly(): boolean {
    return false;
  }

  claim(slot: SlotIndex): void {
    this.#taken[slot] = 1;
  }

  openCluster(): boolean {
    return true;
  }

  closeCluster(): void {
    // No tables.
  }

  reclaimCached(): boolean {
    return false;
  }

  take(count: number): number[] {
    return Array.from({ length: count }, () => entrySlot(this.space.allocate(0, ROLE.plain)));
  }

  /** Slots of a batch that has said how many it wants. */
  batch(count: number = BATCH): number[] {
    this.space.seekRun(count, ROLE.plain);
    return this.take(count);
  }

  free(from: number, count: number): void {
    for (let slot = from; slot < from + count; slot++) {
      this.area.lock(slot as SlotIndex);
      this.#taken[slot] = 0;
      this.area.release(slot as SlotIndex);
      this.area.unlock(slot as SlotIndex);
    }
  }
}

function run(from: number, count: number = BATCH): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

describe.each(PER_CPU_CLUSTER)('slots of a batch, with a %s cursor', (perCpuCluster) => {
  it('follow each other in a fresh area from its first free cluster on, batch after batch', () => {
    const world = new World(perCpuCluster, 4096);
    // Cluster 0 has the header.
    expect([world.batch(), world.batch()]).toEqual([run(512), run(544)]);
    world.area.checkInvariants();
  });

  it('begin a free cluster where the rest of the current one is too short', () => {
    const world = new World(perCpuCluster, 4096);
    world.take(500);
    // Eleven slots of cluster 0 are left.
    expect(world.batch()).toEqual(run(512));
    // Others go on behind them; the eleven are found later.
    expect(world.take(1)).toEqual([544]);
    world.area.checkInvariants();
  });

  it('go on in the current cluster when exactly as many are left', () => {
    const world = new World(perCpuCluster, 4096);
    world.take(511 - BATCH);
    expect(world.batch()).toEqual(run(480));
  });

  it('are the one hole that is long enough, in an area without a free cluster', () => {
    const world = new World(perCpuCluster, 1024);
    world.take(1023);
    for (let slot = 1; slot < 500; slot += 2) world.free(slot, 1);
    world.free(700, BATCH);
    expect(world.batch()).toEqual(run(700));
    world.area.checkInvariants();
  });

  it('are the longest hole where none is long enough, and then whatever is free', () => {
    const world = new World(perCpuCluster, 1024);
    world.take(1023);
    for (let slot = 1; slot < 60; slot += 2) world.free(slot, 1);
    world.free(300, 20);
    const slots = world.batch();
    expect(slots.slice(0, 20)).toEqual(run(300, 20));
    expect(new Set(slots).size).toBe(BATCH);
    expect(slots).not.toContain(0);
    world.area.checkInvariants();
  });

  it('are none in a full area, and those that are freed afterwards', () => {
    const world = new World(perCpuCluster, 1024);
    world.take(1023);
    world.space.seekRun(BATCH, ROLE.plain);
    expect(world.space.allocate(0, ROLE.plain)).toBe(NO_ENTRY);
    world.free(100, BATCH);
    expect(world.batch()).toEqual(run(100));
    expect(world.space.allocate(0, ROLE.plain)).toBe(NO_ENTRY);
    world.area.checkInvariants();
  });

  it('are not taken by looking for them', () => {
    const world = new World(perCpuCluster, 4096);
    world.take(5);
    world.space.seekRun(BATCH, ROLE.plain);
    world.space.seekRun(BATCH, ROLE.plain);
    expect(world.area.inUse).toBe(5);
    expect(entryType(world.space.allocate(0, ROLE.plain))).toBe(0);
    world.area.checkInvariants();
  });
});
