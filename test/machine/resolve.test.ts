/** Looking at a page while a run stands still, and that looking changes nothing. */
import { describe, expect, it, vi } from 'vitest';
import { MemoryDevice } from '../../src/device/index.ts';
import { designs } from '../../src/swap/index.ts';
import { NO_FRAME, PAGE_SIZE, type VirtualPage } from '../../src/units/index.ts';
import { ContentWriter } from '../../src/workload/content.ts';
import { runSmall, smallMachine, type SmallMachine } from './support.ts';
import type { Machine } from '../../src/machine/index.ts';

const TRACE = 'pages 300\nW 0 300 seq 300 1 mix:1024\nFR 0 40 seq 40 1 -\nM 0 300 rand 400 3 -\n';
const ZSWAP = { enabled: true, maxPoolPercent: 2 };

function machineOf(options: Partial<SmallMachine> = {}): Machine {
  return smallMachine({
    trace: TRACE,
    memoryPages: 100,
    areas: [{ pages: 1024 }],
    zswap: ZSWAP,
    ramPages: 800,
    ...options,
  });
}

/** Runs up to an operation, looks, and lets the machine end. */
async function lookAt<T>(machine: Machine, operation: number, look: () => T): Promise<T> {
  const seen: T[] = [];
  await machine.runUntil({
    first: operation,
    afterOperation: () => {
      seen.push(look());
      return 'stop';
    },
  });
  return seen[0]!;
}

/** The first page whose bytes are at such a place. */
function pageAt(machine: Machine, kind: string): VirtualPage {
  const space = machine.spaces()[0]!;
  for (let page = 0; page < space.pageCount; page++) {
    const { location } = machine.memory.resolve(space, page as VirtualPage);
    if (location.kind === kind) return page as VirtualPage;
  }
  throw new RangeError(`no page is at a ${kind}`);
}

describe('a look at a page', () => {
  it('finds the bytes of a swapped page in the file where it says', async () => {
    const device = new MemoryDevice({ name: 'area0', sizeBytes: 1024 * PAGE_SIZE });
    const machine = machineOf({ areas: [{ pages: 1024, device }] });
    const [found, wanted] = await lookAt(machine, 300, () => {
      const page = pageAt(machine, 'file');
      const { location } = machine.memory.resolve(machine.spaces()[0]!, page);
      const read = Buffer.alloc(PAGE_SIZE);
      device.read((location as { offset: number }).offset, [read], 1, 0);
      const written = Buffer.from(new ArrayBuffer(PAGE_SIZE));
      new ContentWriter(null).write({ kind: 'mix', words: 256 }, page, 1, written);
      return [read, written] as const;
    });
    expect(found.equals(wanted)).toBe(true);
  });

  it('tells bytes that are not the page from those that are', async () => {
    const device = new MemoryDevice({ name: 'area0', sizeBytes: 1024 * PAGE_SIZE });
    const zswap = { enabled: true, maxPoolPercent: 4 };
    const machine = machineOf({ areas: [{ pages: 1024, device }], zswap });
    await lookAt(machine, 300, () => {
      for (const kind of ['frame', 'zswap', 'file']) {
        const page = pageAt(machine, kind);
        const { location } = machine.memory.resolve(machine.spaces()[0]!, page);
        expect([kind, machine.holdsExpectedAt(0, page, location)]).toEqual([kind, true]);
        const other = (page + 1) as VirtualPage;
        expect([kind, machine.holdsExpectedAt(0, other, location)]).toEqual([kind, false]);
      }
      const page = pageAt(machine, 'file');
      const { location } = machine.memory.resolve(machine.spaces()[0]!, page);
      const at = location as { readonly offset: number };
      device.write(at.offset, [Buffer.alloc(PAGE_SIZE, 7)], 1, 0);
      expect(machine.holdsExpectedAt(0, page, location)).toBe(false);
    });
  });

  it.each(Object.keys(designs))('lists other hops when a table of %s is broken', async (design) => {
    const machine = machineOf({ design, zswap: { enabled: true, maxPoolPercent: 50 } });
    await lookAt(machine, 300, () => {
      const space = machine.spaces()[0]!;
      const page = pageAt(machine, 'zswap');
      const whole = machine.memory.resolve(space, page);
      const { entries, backing } = machine.swap.design;
      const zswap = vi.spyOn(backing.zswap, 'get').mockReturnValue(0);
      const lost = machine.memory.resolve(space, page);
      zswap.mockRestore();
      expect(lost.location.kind).not.toBe('zswap');
      expect(lost.hops).not.toEqual(whole.hops);
      expect(lost.hops.map((hop) => hop.to).join()).not.toContain('pool handle');
      const cache = vi.spyOn(entries, 'folioAt').mockReturnValue(NO_FRAME);
      expect(machine.memory.resolve(space, page).hops.length).toBeLessThan(whole.hops.length);
      cache.mockRestore();
      expect(machine.memory.resolve(space, page)).toMatchObject({ location: whole.location });
    });
  });

  it("sees a forked child's page table beside its parent's", async () => {
    const machine = machineOf();
    await lookAt(machine, 310, () => {
      const child = machine.child!;
      const own = machine.memory.resolve(child, 9 as VirtualPage).location;
      const parents = machine.memory.resolve(machine.spaces()[0]!, 9 as VirtualPage).location;
      expect(own.kind).toBe('frame');
      expect(parents).toEqual(own);
    });
    expect(machine.child).toBeNull();
  });

  it('follows a page of the shared file through its index', async () => {
    const trace = 'pages 10\nshmem 200\nW 10 200 seq 200 1 mix:1024\n';
    const machine = machineOf({ trace, memoryPages: 100 });
    const { hops, location } = await lookAt(machine, 200, () =>
      machine.memory.resolve(machine.spaces()[0]!, 10 as VirtualPage),
    );
    expect(hops.slice(0, 2)).toMatchObject([
      { event: 'pteVisit', to: 'nothing' },
      { event: 'xaLoad', from: "the shared file's index at 0" },
    ]);
    expect(hops[1]!.to).toMatch(/^swap entry 0:/);
    expect(location.kind).not.toBe('nowhere');
  });

  it('says that there is nothing where nothing was written', async () => {
    const machine = machineOf();
    const { hops, location } = await lookAt(machine, 5, () =>
      machine.memory.resolve(machine.spaces()[0]!, 250 as VirtualPage),
    );
    expect(hops).toMatchObject([{ event: 'pteVisit', to: 'nothing' }]);
    expect(location.kind).toBe('nowhere');
  });

  it('changes nothing of the run: a look after every operation leaves each phase as it was', async () => {
    const { phases } = await runSmall({
      ...{ trace: TRACE, memoryPages: 100, areas: [{ pages: 1024 }], zswap: ZSWAP, ramPages: 800 },
    });
    const machine = machineOf();
    let looks = 0;
    const seen = await machine.runUntil({
      first: 1,
      afterOperation: (operations) => {
        looks += 1;
        machine.memory.resolve(machine.spaces()[0]!, (operations % 300) as VirtualPage);
        return operations + 1;
      },
    });
    const plain = (all: typeof phases): unknown => all.map(({ wallMs: _wallMs, ...rest }) => rest);
    expect(looks).toBe(740);
    expect(plain(seen)).toEqual(plain(phases));
  });
});

describe("a page's life", () => {
  const options = {
    ...{ trace: TRACE, memoryPages: 100, areas: [{ pages: 1024 }], zswap: ZSWAP, ramPages: 800 },
  };

  it.each(Object.keys(designs))(
    'leaves the digest of %s as it is without a watcher',
    async (design) => {
      const all = { ...options, design, zswap: { enabled: true, maxPoolPercent: 50 } };
      const unseen = await runSmall(all);
      const machine = smallMachine(all);
      machine.watch(0, 3 as VirtualPage);
      expect((await machine.run()).digest).toBe(unseen.digest);
      expect(machine.engine.trace.life().length).toBeGreaterThan(10);
    },
  );

  it('goes from the first write through zswap, writeback, fork and fault to the end', async () => {
    const machine = smallMachine(options);
    machine.watch(0, 3 as VirtualPage);
    await machine.run();
    const life = machine.engine.trace.life();
    let at = 0;
    for (const what of [
      'first written: a frame of zeros is taken',
      'mapped: its PTE holds frame',
      'swapped out: takes swap entry 0:4',
      'its PTE holds swap entry 0:4 now',
      'zswap stores it: 1058 bytes',
      'frame 3 is freed',
      "zswap's shrinker picks it",
      'is put in the swap cache under swap entry 0:4',
      'under writeback, to slot 4 of area 0 (byte 16384)',
      'write ended: ok',
      "fork: the child's PTE holds its entry, too",
      'another task that holds swap entry 0:4 faults on it',
      'the workload is over',
      'unmapped for good',
    ]) {
      const found = life.findIndex((event, index) => index >= at && event.what.includes(what));
      expect([what, found]).not.toEqual([what, -1]);
      at = found + 1;
    }
    expect(life.map((event) => event.timeNs)).toEqual(
      life.map((event) => event.timeNs).sort((a, b) => a - b),
    );
  });

  it('has nothing of the pages that get its frame or its entry after it', async () => {
    const machine = smallMachine(options);
    machine.watch(0, 3 as VirtualPage);
    await machine.run();
    // Between giving its frame back and getting another, nothing happens to the page in a frame.
    let frame: string | null = null;
    for (const { what } of machine.engine.trace.life()) {
      const [, freed] = /^frame (\d+) is freed$/.exec(what) ?? [];
      const [, got] = /^(?:mapped: its PTE holds )?frame (\d+)(?: is put|,|$)/.exec(what) ?? [];
      if (freed !== undefined) {
        expect(freed).toBe(frame);
        frame = null;
      } else if (got !== undefined) frame = got;
      else if (/reclaim:|active list|swapped out|unmapped from/.test(what))
        expect([what, frame === null]).toEqual([what, false]);
    }
  });
});
