import { describe, expect, it } from 'vitest';
import { PTE, type AddressSpace } from '../../src/memory/index.ts';
import type { Machine } from '../../src/machine/index.ts';
import { NO_FRAME, type VirtualPage } from '../../src/units/index.ts';
import { runSmall, smallMachine } from '../machine/support.ts';

/** A mapping of 1000 pages whose first 600 and more are swapped, page p in slot p + 1. */
class Reader {
  readonly machine: Machine;
  readonly space: AddressSpace;

  constructor(profile: string) {
    this.machine = smallMachine({
      trace: 'pages 1000\nR 0 1 seq 1 1 -\n',
      memoryPages: 300,
      areas: [{ pages: 4096, profile }],
      payload: 'none',
    });
    this.space = this.machine.memory.createSpace(1000);
    for (let page = 0; page < 1000; page++) this.touch(page, true);
  }

  touch(page: number, isWrite = false): void {
    this.machine.memory.touch(this.space, page as VirtualPage, isWrite);
  }

  /** The pages that a read of `page` brings into memory, the page itself among them. */
  read(page: number): number[] {
    const before = new Set(this.#inMemory());
    this.touch(page);
    return this.#inMemory().filter((at) => !before.has(at));
  }

  /** Of the first 600 pages: mapped, or waiting in the swap cache. */
  #inMemory(): number[] {
    const { entries } = this.machine.swap.design;
    return Array.from({ length: 600 }, (_, page) => page).filter((page) => {
      const at = page as VirtualPage;
      if ((this.space.flags(at) & PTE.swap) === 0) return true;
      return entries.folioAt(this.space.entry(at)) !== NO_FRAME;
    });
  }
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

describe('the window around a page', () => {
  it('is what the algorithm of 6.18 gives by hand', () => {
    const reader = new Reader('nvme');
    // The first fault counts as 4 hits: 4 + 2 rounds up to 8, 3 of them before the page.
    expect(reader.read(100)).toEqual(range(97, 104));
    // No hits, not next to the last fault: 1, but never less than half of the window before.
    expect(reader.read(300)).toEqual(range(299, 302));
    expect(reader.read(200)).toEqual(range(200, 201));
    expect(reader.read(50)).toEqual([50]);
    // Two hits: 2 + 2. The page before the last fault: a window that ends with it.
    expect([reader.read(98), reader.read(97)]).toEqual([[], []]);
    expect(reader.read(96)).toEqual(range(93, 96));
    // No hits, the page behind the last fault: 2, and half of 4 is no more.
    expect(reader.read(104)).toEqual([]);
    expect(reader.read(105)).toEqual(range(105, 108));
  });

  it('does not cross the border of a page table', () => {
    const reader = new Reader('nvme');
    expect(reader.read(512)).toEqual(range(512, 516));
    const other = new Reader('nvme');
    expect(other.read(510)).toEqual(range(507, 511));
  });
});

describe('the window around a slot of a rotating device', () => {
  it('is aligned to its size, and global', () => {
    const reader = new Reader('hdd');
    // Slot 101 in a window of 8: slots 96 to 103 hold pages 95 to 102.
    expect(reader.read(100)).toEqual(range(95, 102));
    // Half of 8: slot 301 in slots 300 to 303.
    expect(reader.read(300)).toEqual(range(299, 302));
    expect(reader.read(301)).toEqual([]);
    // One hit: 3 rounds up to 4; slot 201 in 200 to 203.
    expect(reader.read(200)).toEqual(range(199, 202));
    // Slot 0 is the header: slots 1 to 1.
    expect(reader.read(0)).toEqual([0]);
  });
});

describe('a major fault', () => {
  it('waits for its device also when readahead submitted the read', async () => {
    const trace = 'pages 2000\nW 0 2000 seq 2000 1 rand\nR 0 2000 seq 2000 1 -\n';
    const fastest = async (pageCluster: number): Promise<number> => {
      const result = await runSmall({
        trace,
        memoryPages: 300,
        areas: [{ pages: 8000 }],
        pageCluster,
        payload: 'none',
      });
      const faults = result.histograms.find(({ name }) => name === 'majorFault.ns')!;
      return Math.min(...faults.buckets.map(({ low }) => low));
    };
    // No read of a flash device takes less than 5 µs.
    expect(await fastest(0)).toBeGreaterThan(5000);
    expect(await fastest(3)).toBeGreaterThan(5000);
  });
});
