/** Whatever the order of operations and failures: a page comes back identical, or as an errno. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MappedForm } from '../../../src/device/index.ts';
import { PAGE_SIZE, type Outcome } from '../../../src/units/index.ts';
import { mapped, squeezable, type Fixture } from '../support/mapped.ts';

const KIB = 1024;

interface World {
  readonly form: MappedForm;
  readonly pages: number;
  readonly bufferBytes?: number;
  readonly blockBytes?: 512 | 4096;
  readonly slots?: number;
  readonly hasChecksums?: boolean;
}

/** Small areas, so that they are full often. */
const worlds: Readonly<Record<string, World>> = {
  slot: { form: 'slot', pages: 24 },
  'slot, blocks of a page': { form: 'slot', pages: 24, blockBytes: 4096 },
  packed: { form: 'packed', pages: 24 },
  'packed, more slots than pages': { form: 'packed', pages: 16, slots: 60 },
  'packed, checksums, blocks of a page': {
    form: 'packed',
    pages: 20,
    slots: 40,
    blockBytes: 4096,
    hasChecksums: true,
  },
  batch: { form: 'batch', pages: 1 + 4 * 32 },
  'batch, checksums': { form: 'batch', pages: 1 + 4 * 32, slots: 200, hasChecksums: true },
  'batch, blocks of a page': { form: 'batch', pages: 1 + 4 * 32, blockBytes: 4096 },
  'buffered pages': { form: 'pages', pages: 6 * 32, bufferBytes: 128 * KIB },
  'buffered batch': { form: 'batch', pages: 5 * 32, bufferBytes: 128 * KIB, slots: 260 },
  'buffered packed': { form: 'packed', pages: 5 * 32, bufferBytes: 128 * KIB, slots: 200 },
};

type Step =
  | { readonly kind: 'write'; readonly at: number; readonly count: number; readonly seed: number }
  | { readonly kind: 'compressed'; readonly at: readonly number[]; readonly seed: number }
  | { readonly kind: 'read' | 'discard'; readonly at: number; readonly count: number }
  | { readonly kind: 'compact' | 'flush' }
  | { readonly kind: 'fail'; readonly after: number };

const place = fc.nat(1_000_000);
const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('write' as const),
        at: place,
        count: fc.integer({ min: 1, max: 40 }),
        seed: fc.nat(1000),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('compressed' as const),
        at: fc.array(place, { minLength: 1, maxLength: 40 }),
        seed: fc.nat(1000),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constantFrom('read' as const, 'discard' as const),
        at: place,
        count: fc.integer({ min: 1, max: 30 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('compact' as const, 'flush' as const) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('fail' as const), after: fc.nat(6) }) },
  ),
  { minLength: 20, maxLength: 60 },
);

/** An oracle: what each slot may hold. Two contents where a write failed. */
class Oracle {
  readonly #pages = new Map<number, Uint8Array[]>();

  written(slot: number, page: Uint8Array): void {
    this.#pages.set(slot, [page]);
  }

  uncertain(slot: number, page: Uint8Array): void {
    this.#pages.set(slot, [...this.of(slot), page]);
  }

  discarded(slot: number): void {
    this.#pages.delete(slot);
  }

  of(slot: number): Uint8Array[] {
    return this.#pages.get(slot) ?? [new Uint8Array(PAGE_SIZE)];
  }
}

function checkSlot(fixture: Fixture, oracle: Oracle, slot: number, mayFail: boolean): void {
  const { outcome, page } = fixture.read(slot);
  if (outcome !== 'ok') {
    expect(mayFail, `slot ${slot} reads ${outcome}`).toBe(true);
    return;
  }
  const isExpected = oracle.of(slot).some((content) => Buffer.compare(content, page) === 0);
  expect(isExpected, `slot ${slot} holds what was written`).toBe(true);
}

function run(world: World, program: readonly Step[]): void {
  const fixture = mapped(world);
  const { device, inner } = fixture;
  const slots = device.sizeBytes / PAGE_SIZE - 1;
  const slotAt = (at: number): number => 1 + (at % slots);
  const oracle = new Oracle();
  // Pages that compress to a tenth, to a half, hardly, and not at all.
  const contents = (seed: number): Uint8Array =>
    squeezable(seed, [400, 2000, 3800, PAGE_SIZE][seed % 4]!);
  // Of whole pages an area takes what it promises, in any order; only thin provisioning may fail.
  const check = (outcome: Outcome): Outcome => {
    if (world.slots === undefined) expect(outcome).not.toBe('ENOSPC');
    return outcome;
  };
  for (const step of program) {
    const failsFrom = inner.failAt;
    switch (step.kind) {
      case 'write': {
        const first = slotAt(step.at);
        const count = Math.min(step.count, slots + 1 - first);
        const pages = Array.from({ length: count }, (_, i) => contents(step.seed + i));
        const outcome = check(fixture.write(first, ...pages));
        pages.forEach((page, i) => {
          if (outcome === 'ok') oracle.written(first + i, page);
          else oracle.uncertain(first + i, page);
        });
        break;
      }
      case 'compressed': {
        const chosen = [...new Set(step.at.map(slotAt))];
        const pages = chosen.map((_, i) => contents(step.seed + i));
        if (world.form === 'pages') break;
        const outcome = check(fixture.compressed(chosen, pages));
        pages.forEach((page, i) => {
          if (outcome === 'ok') oracle.written(chosen[i]!, page);
          else oracle.uncertain(chosen[i]!, page);
        });
        break;
      }
      case 'read':
        for (let i = 0; i < step.count; i++)
          checkSlot(fixture, oracle, slotAt(step.at + i), inner.failAt >= inner.operations);
        break;
      case 'discard':
        for (let i = 0; i < step.count; i++) {
          fixture.discard(slotAt(step.at + i));
          oracle.discarded(slotAt(step.at + i));
        }
        break;
      case 'compact':
        device.compact(0);
        break;
      case 'flush':
        device.flush();
        break;
      case 'fail':
        if (failsFrom < inner.operations) inner.failAt = inner.operations + step.after;
    }
    device.checkInvariants();
  }
  inner.failAt = -1;
  for (let slot = 1; slot <= slots; slot++) checkSlot(fixture, oracle, slot, false);
  device.discard(PAGE_SIZE, slots * PAGE_SIZE);
  device.checkInvariants();
  expect(device.stats()).toMatchObject({ usedBytes: 0, liveBytes: 0, bufferedBytes: 0 });
}

describe.each(Object.entries(worlds))('a mapped area: %s', (_name, world) => {
  it('gives every page back, or an errno, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(steps, (program) => {
        run(world, program);
      }),
      { seed: 20260401, numRuns: 15 },
    );
  });

  it('counts and places the same without bytes', () => {
    const lengths = Array.from({ length: 20 }, (_, i) => (i % 3 === 0 ? PAGE_SIZE : 300 + 157 * i));
    const isPages = world.form === 'pages';
    const seen = [true, false].map((hasBytes) => {
      const fixture = mapped({ ...world, hasChecksums: false, hasBytes });
      const { device, inner } = fixture;
      const slots = device.sizeBytes / PAGE_SIZE - 1;
      for (let round = 0; round < 12; round++) {
        const chosen = lengths.map((_, i) => 1 + ((round * 13 + i * 7) % slots));
        fixture.blobs(chosen, isPages ? lengths.map(() => PAGE_SIZE) : lengths);
        if (round % 3 === 2) fixture.discard(...chosen.slice(0, 9));
      }
      device.flush();
      device.compact(0);
      device.checkInvariants();
      const places = Array.from({ length: slots }, (_, i) => device.locate(i + 1));
      return { places, stats: device.stats(), transfers: inner.transfers };
    });
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[0]!.stats.writes).toBeGreaterThan(0);
  });
});
