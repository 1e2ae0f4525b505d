import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAccessTrace } from '../../../src/workload/index.ts';
import { ACCESS, type AccessKind } from '../../../src/workload/importers/importer.ts';
import { Tlb } from '../../../src/workload/accesses/tlb.ts';
import { MemoryFile, newWriter } from './support.ts';

interface Entry {
  readonly id: number;
  readonly isDirty: boolean;
  /** Pages that were loaded since an access to it was kept. */
  loads: number;
}

/** A list, latest first. */
class NaiveTlb {
  #entries: Entry[] = [];
  readonly #entryCount: number;

  constructor(entryCount: number) {
    this.#entryCount = entryCount;
  }

  access(id: number, isStore: boolean): boolean {
    const known = this.#entries.find((entry) => entry.id === id);
    this.forget(id);
    if (known === undefined) for (const entry of this.#entries) entry.loads += 1;
    const isYoung = known !== undefined && known.loads < this.#entryCount / 8;
    const isHit = isYoung && (!isStore || known.isDirty);
    this.#entries.unshift(isHit ? known : { id, isDirty: isStore, loads: 0 });
    this.#entries.length = Math.min(this.#entries.length, this.#entryCount);
    return isHit;
  }

  forget(id: number): void {
    this.#entries = this.#entries.filter((entry) => entry.id !== id);
  }
}

const event = fc.record({
  page: fc.nat(40),
  kind: fc.constantFrom<AccessKind>(ACCESS.read, ACCESS.store, ACCESS.write, ACCESS.drop),
});

describe('a TLB', () => {
  it('hides what a list of the latest pages has and has kept lately', () => {
    fc.assert(
      fc.property(fc.nat(24), fc.array(event, { maxLength: 200 }), (entryCount, events) => {
        const [tlb, naive] = [new Tlb(entryCount), new NaiveTlb(entryCount)];
        for (const { page, kind } of events) {
          if (kind === ACCESS.drop) {
            tlb.forget(page);
            naive.forget(page);
          } else {
            const isStore = kind !== ACCESS.read;
            expect(tlb.access(page, isStore)).toBe(naive.access(page, isStore));
          }
        }
      }),
    );
  });

  it('hides no page in constant use for long, and most of what fits', () => {
    const [tlb, hot] = [new Tlb(64), 5000];
    // Every second access is to one page, the others go round a hundred.
    const kept = Array.from({ length: 2000 }, (_, i) => {
      tlb.access(i % 100, false);
      return tlb.access(hot, false) ? -1 : i;
    }).filter((at) => at >= 0);
    expect(kept).toEqual(Array.from({ length: 250 }, (_, i) => 8 * i));
    const roomy = new Tlb(64);
    const missed = Array.from({ length: 1000 }, (_, i) => roomy.access(i % 60, true));
    expect(missed.filter((isHidden) => !isHidden).length).toBeLessThan(200);
  });

  it('hides from an access trace what it hits, and no write of a whole page', () => {
    fc.assert(
      fc.property(fc.nat(24), fc.array(event, { maxLength: 200 }), (tlbEntries, events) => {
        const file = new MemoryFile();
        const writer = newWriter(file, { tlbEntries });
        const naive = new NaiveTlb(tlbEntries);
        const there = new Set<number>();
        let kept = 0;
        // A page that is there for sure: what has no accesses is no trace.
        for (const { page, kind } of [{ page: 99, kind: ACCESS.read }, ...events]) {
          writer.access(page, kind, 0);
          if (kind === ACCESS.drop) {
            if (there.delete(page)) kept += 1;
            naive.forget(page);
            continue;
          }
          const isHit = naive.access(page, kind !== ACCESS.read);
          if (!isHit || kind === ACCESS.write) kept += 1;
          there.add(page);
        }
        expect(writer.finish().kept).toBe(kept);
        expect(parseAccessTrace(file.bytes, 'test').operations).toBe(kept);
      }),
    );
  });
});
