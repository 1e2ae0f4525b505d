/** Every design against one oracle: what an entry says, whatever tables say it. */
import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { CostProfile, Engine } from '../../src/engine/index.ts';
import { FrameTable, PG } from '../../src/frames/index.ts';
import { SlotArea, SlotSpace } from '../../src/slots/index.ts';
import { chooseDesign, designs, type MetadataTerm, type SwapDesign } from '../../src/swap/index.ts';
import { NO_ENTRY, NO_FRAME, type PageFrame, type SwapEntry } from '../../src/units/index.ts';

const AREA_PAGES = [700, 1100];

/** What the oracle knows of an entry in use. */
interface Known {
  readonly entry: SwapEntry;
  frame: PageFrame;
  count: number;
  shadow: number;
  isZero: boolean;
  cgroup: number;
}

class World {
  readonly frames: FrameTable = new FrameTable(2048);
  readonly design: SwapDesign;
  readonly space: SlotSpace;
  readonly known: Known[] = [];
  charged = 0;

  constructor(name: string) {
    const engine = new Engine({
      seed: 1,
      cpuCount: 1,
      costs: new CostProfile({ name: 'none', description: '', prices: {} }),
    });
    const { kind, revision } = chooseDesign(name, 'test');
    this.space = new SlotSpace(engine, kind.perCpuCluster);
    this.design = kind.create({
      engine,
      frames: this.frames,
      space: this.space,
      host: {
        charge: (cgroup, entries) => {
          this.charged += cgroup === 0 ? 0 : entries;
        },
        freeZswapEntry: () => undefined,
        reclaimCached: () => false,
      },
      revision,
    });
    for (const [type, maxPages] of AREA_PAGES.entries()) {
      const isSwapFull = (): boolean => false;
      const options = { badPages: [5], rotational: false, isBlockDevice: false, priority: 0 };
      this.space.add(new SlotArea({ type, maxPages, ...options, engine, isSwapFull }));
      this.design.addArea(type);
    }
  }

  step(kind: number, pick: number, value: number): void {
    const { entries } = this.design;
    if (kind === 0) {
      for (let i = 0; i < 1 + (value % 40); i++) this.#allocate();
      return;
    }
    const it = this.known[pick % Math.max(1, this.known.length)];
    if (it === undefined) return;
    const isCached = it.frame !== NO_FRAME;
    switch (kind) {
      case 1:
        if (!isCached && it.count === 0) return;
        for (let i = 0; i < 1 + (value % 90); i++) {
          expect(entries.duplicate(it.entry)).toBe('ok');
          it.count += 1;
        }
        break;
      case 2:
        for (let i = 0; i < 1 + (value % 90) && it.count > 0; i++) {
          it.count -= 1;
          this.#expectFreed(it);
          entries.putRange(it.entry, 1);
        }
        break;
      case 3:
        if (!isCached) return;
        // The cgroup is in bits 1 to 16 of a shadow, and one revision has it nowhere else.
        it.shadow = (1 + (value % 2 ** 31)) * 2 ** 17 + it.cgroup * 2 + (value % 2);
        this.#secure(it);
        this.frames.free(this.#uncache(it));
        break;
      case 4:
        if (isCached) return;
        it.frame = this.frames.allocate(1);
        expect(entries.insertFolio(it.entry, it.frame)).toBe(it.shadow);
        it.shadow = 0;
        break;
      default:
        // Only a folio that is there is written out as zeros, or as something else.
        if (!isCached) return;
        it.isZero = value % 2 === 0;
        entries.setZero(it.entry, it.isZero);
    }
  }

  /** A page that leaves memory has its bytes somewhere. */
  #secure(it: Known): void {
    if (it.count === 0 || it.isZero) return;
    expect(this.design.backing.slotForWrite(it.entry)).not.toBe(NO_ENTRY);
  }

  /** Gives everything back. */
  clear(): void {
    for (const it of [...this.known]) {
      while (it.count > 0) {
        it.count -= 1;
        this.#expectFreed(it);
        this.design.entries.putRange(it.entry, 1);
      }
      if (it.frame !== NO_FRAME) this.frames.free(this.#uncache(it));
    }
  }

  check(): void {
    const { entries } = this.design;
    // A line for each entry and one comparison of all: an expect() for each costs 20 times as much.
    const said = this.known.map(({ entry }) => {
      const frame = entries.folioAt(entry);
      const cached = frame === NO_FRAME ? NO_ENTRY : this.frames.entry(frame);
      const isFlagged = frame !== NO_FRAME && this.frames.has(frame, PG.swapcache);
      const flags = [entries.isSwapped(entry), entries.isZero(entry), isFlagged];
      return [frame, cached, entries.count(entry), entries.cgroup(entry), ...flags].join(' ');
    });
    const told = this.known.map(({ entry, frame, count, cgroup, isZero }) => {
      const isCached = frame !== NO_FRAME;
      const flags = [count > 0, isZero, isCached];
      return [frame, isCached ? entry : NO_ENTRY, count, cgroup, ...flags].join(' ');
    });
    expect(said).toEqual(told);
    expect(this.design.entriesInUse()).toBe(this.known.length);
    expect(new Set(this.known.map(({ entry }) => entry)).size).toBe(this.known.length);
    this.design.checkInvariants();
    this.space.checkInvariants();
  }

  #allocate(): void {
    const frame = this.frames.allocate(1);
    if (frame === NO_FRAME) return;
    const entry = this.design.entries.allocate(frame);
    if (entry === NO_ENTRY) this.frames.free(frame);
    else {
      const cgroup = 1 + (this.known.length % 65_535);
      this.design.entries.setCgroup(entry, cgroup);
      this.known.push({ entry, frame, count: 0, shadow: 0, isZero: false, cgroup });
    }
  }

  #uncache(it: Known): PageFrame {
    const { frame } = it;
    it.frame = NO_FRAME;
    this.#expectFreed(it);
    this.design.entries.removeFolio(it.entry, it.shadow);
    return frame;
  }

  /** An entry that nothing holds any more is freed now. */
  #expectFreed(it: Known): void {
    if (it.count > 0 || it.frame !== NO_FRAME) return;
    this.known.splice(this.known.indexOf(it), 1);
  }
}

function byTerm(terms: readonly MetadataTerm[]): Record<string, number> {
  // Continuation pages of the old count stay until swapoff; a CPU keeps the virtual cluster that it
  // takes slots from.
  const kept = /continuation$|^swp_desc$|^vswap_cluster|^cluster_map_xa_node$/;
  return Object.fromEntries(
    terms.filter(({ term }) => !kept.test(term)).map((at) => [at.term, at.bytes]),
  );
}

const all = Object.entries(designs).flatMap(([name, { revisions }]) =>
  revisions.map((revision) => `${name}:${revision}`),
);

describe.each(all)('design %s', (name) => {
  it('says of each entry what it was told, and gives everything back', () => {
    const step = fc.tuple(fc.nat(5), fc.nat(), fc.nat(2 ** 30));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const world = new World(name);
        const before = byTerm(world.design.metadata());
        for (const [kind, pick, value] of steps) world.step(kind, pick, value);
        world.check();
        world.clear();
        world.check();
        expect(world.known).toEqual([]);
        expect(world.space.areas().map((area) => area.inUse)).toEqual(
          world.space.areas().map(() => 0),
        );
        expect(world.charged).toBe(0);
        expect(byTerm(world.design.metadata())).toEqual(before);
        // Every slot again: none may remember what it was before.
        for (let i = 0; i < 45; i++) world.step(0, 0, 39);
        world.check();
      }),
      { seed: 618, numRuns: 15 },
    );
  });
});
