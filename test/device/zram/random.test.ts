import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, type Outcome } from '../../../src/units/index.ts';
import { Mulberry32 } from '../../../src/workload/index.ts';
import { dullPage, mixedPage, noisePage, SLOTS, testZram, textPage } from './support.ts';

const KINDS: readonly ((seed: number) => Buffer)[] = [
  noisePage,
  textPage,
  dullPage,
  (seed) => mixedPage(seed % 1024, seed),
  (seed) => Buffer.alloc(PAGE_SIZE, seed & 0xff),
  () => Buffer.alloc(PAGE_SIZE),
];
const TYPES = ['idle', 'huge', 'huge_idle', 'incompressible'];
const ZEROS = Buffer.alloc(PAGE_SIZE);

/** One seed: operations in any order on a device whose backing fails now and then. */
function rush(seed: number, operations: number): void {
  const stream = new Mulberry32(seed);
  const draw = (count: number): number => stream.next() % count;
  const slotOf = (): number => 1 + draw(SLOTS - 1);
  const test = testZram({
    blocks: 24 + draw(100),
    batchPages: 1 + draw(40),
    isCompressed: draw(2) === 0,
    recompress: draw(3) === 0 ? [] : ['lz4', 'deflate'],
  });
  const expected: Buffer[] = Array.from({ length: SLOTS }, () => ZEROS);
  const failsOften = draw(3) === 0;
  const faults = new Mulberry32(seed ^ 0x55555555);
  test.backing.fails = () => failsOften && faults.next() % 8 === 0;
  const write = (slot: number): void => {
    const page = KINDS[draw(KINDS.length)]!(stream.next());
    const outcome = test.write(slot, page);
    if (outcome === 'ok') expected[slot] = page;
    else expect(outcome).toBe('ENOMEM');
  };
  const free = (slot: number): void => {
    test.zram.slotFreed(slot);
    expected[slot] = ZEROS;
  };
  // What comes in between while a batch is on its way.
  test.backing.inTheMiddle = () => {
    if (draw(4) !== 0) return;
    if (draw(2) === 0) write(slotOf());
    else free(slotOf());
  };
  const mayBe: readonly Outcome[] = ['ok', 'EIO', 'ENOSPC', 'EINVAL'];
  const set = (attribute: string, value: string): void => {
    expect(mayBe).toContain(test.set(attribute, value));
  };
  const steps: readonly (() => void)[] = [
    () => {
      for (let i = draw(24); i >= 0; i--) write(slotOf());
    },
    () => {
      const slot = slotOf();
      const page = test.read(slot);
      if (typeof page === 'string') expect([page, failsOften]).toEqual(['EIO', true]);
      else expect(page.equals(expected[slot]!), `slot ${slot}`).toBe(true);
    },
    () => {
      free(slotOf());
    },
    () => {
      set('idle', draw(2) === 0 ? 'all' : String(draw(50)));
    },
    () => {
      const low = draw(SLOTS);
      const range = `page_indexes=${low}-${low + draw(20)}`;
      set('writeback', draw(3) === 0 ? range : TYPES[draw(4)]!);
    },
    () => {
      set('recompress', `type=${TYPES[draw(3)]!} threshold=${draw(3700)} max_pages=${draw(40)}`);
    },
    () => {
      set('compact', '1');
    },
    () => {
      set('mem_limit', draw(2) === 0 ? '0' : `${20 + draw(200)}K`);
    },
    () => {
      set('writeback_limit', String(draw(40)));
      set('writeback_limit_enable', String(draw(2)));
      if (draw(4) === 0) set('writeback_batch_size', String(1 + draw(40)));
    },
  ];
  for (let i = 0; i < operations; i++) {
    steps[draw(steps.length)]!();
    if (i % 8 === 0) test.zram.checkInvariants();
  }
  test.backing.fails = () => false;
  for (let slot = 1; slot < SLOTS; slot++)
    expect((test.read(slot) as Buffer).equals(expected[slot]!), `slot ${slot}`).toBe(true);
  expect(test.zram.discard(PAGE_SIZE, (SLOTS - 1) * PAGE_SIZE)).toBe('ok');
  test.zram.checkInvariants();
  expect(test.zram.stat()).toMatchObject({
    origDataBytes: 0,
    comprDataBytes: 0,
    memUsedBytes: 0,
    samePages: 0,
    hugePages: 0,
    bdCount: 0,
  });
}

describe('a zram device under anything', () => {
  // A seed that failed stands in the name of its test.
  it.each(Array.from({ length: 60 }, (_, seed) => seed + 1))(
    'gives all bytes back and keeps nothing: seed %i',
    (seed) => {
      rush(seed, 250);
    },
  );
});
