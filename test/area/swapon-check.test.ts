import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkSwapArea,
  encodeHeader,
  volumeBytes,
  type AreaFacts,
  type AreaVerdict,
  type NewHeader,
} from '../../src/area/index.ts';
import { SWAPFILE_MAX_PAGES } from '../../src/units/index.ts';

const MIB = 1024 ** 2;

interface Lies {
  readonly version?: number;
  readonly badPageCount?: number;
  readonly magic?: string;
}

function page(fields: Partial<NewHeader> = {}, lies: Lies = {}): Uint8Array {
  const byteOrder = fields.byteOrder ?? 'little';
  const bytes = encodeHeader({
    ...{ pageSize: 4096, byteOrder, lastPage: 255, badPages: new Uint32Array() },
    ...{ uuid: new Uint8Array(16), volume: new Uint8Array(16), ...fields },
  });
  const view = new DataView(bytes.buffer);
  if (lies.version !== undefined) view.setUint32(1024, lies.version, byteOrder === 'little');
  if (lies.badPageCount !== undefined)
    view.setUint32(1032, lies.badPageCount, byteOrder === 'little');
  if (lies.magic !== undefined) bytes.set(new TextEncoder().encode(lies.magic), 4086);
  return bytes;
}

function check(firstPage: Uint8Array, facts: Partial<AreaFacts> = {}): AreaVerdict {
  const plain = { sizeBytes: MIB, hasHoles: false, isActive: false } as const;
  return checkSwapArea({ firstPage, fileType: 'regular', ...plain, ...facts });
}

describe('the check of an area at swapon', () => {
  it('takes a plain file, and leaves the header out of its pages', () => {
    expect(check(page())).toEqual({
      ...{ outcome: 'ok', kind: 'file', maxPages: 256, pages: 255, badPages: new Uint32Array() },
      ...{ uuid: null, label: null, byteOrder: 'little', log: [] },
    });
  });

  it('takes the numbers of a file of 1 GiB as the kernel does', () => {
    const sizeBytes = 1024 * MIB;
    const good = check(page({ lastPage: 262_143 }), { sizeBytes });
    expect(good).toMatchObject({ maxPages: 262_144, pages: 262_143 });
    expect(check(page({ lastPage: 100 }), { sizeBytes })).toMatchObject({ pages: 100 });
    expect(check(page({ lastPage: 262_144 }), { sizeBytes })).toMatchObject({
      outcome: 'EINVAL',
      log: ['Swap area shorter than signature indicates'],
    });
  });

  it('tells UUID and label', () => {
    const { volume } = volumeBytes('scratch');
    expect(check(page({ uuid: new Uint8Array(16).fill(0xab), volume }))).toMatchObject({
      uuid: 'abababab-abab-abab-abab-abababababab',
      label: 'scratch',
    });
  });

  it('takes a header of the other byte order', () => {
    const badPages = Uint32Array.of(7);
    expect(check(page({ byteOrder: 'big', badPages }), { fileType: 'block' })).toMatchObject({
      ...{ outcome: 'ok', kind: 'partition', byteOrder: 'big', pages: 254, badPages },
    });
  });

  it('refuses a header for pages of another size, whose signature is elsewhere', () => {
    expect(check(page({ pageSize: 8192 }))).toMatchObject({
      log: ['Unable to find swap-space signature'],
    });
  });

  it('reads a file that is shorter than a page as if zeros followed', () => {
    expect(check(page().subarray(0, 4095), { sizeBytes: 4095 })).toMatchObject({
      ...{ outcome: 'EINVAL', log: ['Unable to find swap-space signature'] },
    });
  });

  it('says what the kernel logs and why, for each field that lies', () => {
    const cases: readonly [Uint8Array, string[], RegExp][] = [
      [page({}, { magic: 'SWAP-SPACE' }), ['Unable to find swap-space signature'], /SWAPSPACE2/],
      [page({}, { version: 2 }), ['Unable to handle swap header version 2'], /accepted: 1/],
      [
        page({}, { version: 2 ** 32 - 1 }),
        ['Unable to handle swap header version -1'],
        /4294967295/,
      ],
      [page({ lastPage: 0 }), ['Empty swap-file'], /last_page is 0/],
      [page({ lastPage: 256 }), ['Swap area shorter than signature indicates'], /1 to 255/],
      [
        page({ badPages: Uint32Array.of(5) }),
        [],
        /nr_badpages is 1; accepted in a regular file: 0/,
      ],
    ];
    for (const [bytes, log, reason] of cases) {
      const verdict = check(bytes);
      expect(verdict).toMatchObject({ outcome: 'EINVAL', log });
      expect('reason' in verdict && verdict.reason).toMatch(reason);
    }
  });

  it('refuses bad pages that are too many, outside, or listed twice', () => {
    const block = { fileType: 'block' } as const;
    const bad = (...pages: number[]): AreaVerdict =>
      check(page({ badPages: Uint32Array.from(pages) }), block);
    expect(check(page({}, { badPageCount: 638 }), block)).toMatchObject({ outcome: 'EINVAL' });
    expect(bad(0)).toMatchObject({ reason: 'bad page 0; accepted: 1 to 255' });
    expect(bad(256)).toMatchObject({ reason: 'bad page 256; accepted: 1 to 255' });
    expect(bad(9, 3, 9)).toMatchObject({ reason: 'bad page 9 is listed twice; accepted: once' });
    expect(bad(9, 3)).toMatchObject({ badPages: Uint32Array.of(3, 9), pages: 253 });
  });

  it('refuses an area of which nothing is left', () => {
    const badPages = Uint32Array.of(1, 2);
    expect(check(page({ lastPage: 2, badPages }), { fileType: 'block' })).toMatchObject({
      ...{ outcome: 'EINVAL', log: ['Empty swap-file'] },
    });
  });

  it('cuts an area off at what an entry can address, and says so', () => {
    const lastPage = SWAPFILE_MAX_PAGES + 9;
    const badPages = Uint32Array.of(5, SWAPFILE_MAX_PAGES + 1);
    const facts = { fileType: 'block', sizeBytes: 2 * 1024 ** 4 } as const;
    expect(check(page({ lastPage, badPages }), facts)).toMatchObject({
      ...{ outcome: 'ok', maxPages: SWAPFILE_MAX_PAGES, pages: SWAPFILE_MAX_PAGES - 2 },
      badPages: Uint32Array.of(5),
      log: ['Truncating oversized swap area, only using 1073741824k out of 1073741860k'],
    });
  });

  it('refuses a file with holes, but not a ghost or a block device', () => {
    const hasHoles = true;
    expect(check(page(), { hasHoles })).toMatchObject({
      ...{ outcome: 'EINVAL', log: ['swapon: swapfile has holes'] },
    });
    expect(check(page(), { hasHoles, sizeBytes: 4096 })).toMatchObject({ kind: 'ghost' });
    expect(check(page(), { hasHoles, fileType: 'block' })).toMatchObject({ kind: 'partition' });
  });

  it('takes a file of exactly one page for a ghost of the declared size', () => {
    const ghost = page({ lastPage: 100_000_000 });
    expect(check(ghost, { sizeBytes: 4096 })).toMatchObject({ kind: 'ghost', pages: 100_000_000 });
    expect(check(ghost, { sizeBytes: 4097 })).toMatchObject({ outcome: 'EINVAL' });
    expect(check(ghost, { sizeBytes: 8192 })).toMatchObject({ outcome: 'EINVAL' });
    expect(check(ghost, { sizeBytes: 4096, fileType: 'block' })).toMatchObject({
      outcome: 'EINVAL',
    });
  });

  it('asks in the order of the kernel: of two reasons the earlier one counts', () => {
    // Each entry breaks one thing more than the one after it; the last one breaks nothing.
    const ladder: readonly [string, AreaVerdict][] = [
      ['EBUSY', check(page({}, { magic: 'x' }), { isActive: true, fileType: 'other' })],
      ['neither a regular file', check(page({}, { magic: 'x' }), { fileType: 'other' })],
      ['signature', check(page({ lastPage: 0 }, { magic: 'x', version: 2 }))],
      ['header version 2', check(page({ lastPage: 0 }, { version: 2, badPageCount: 638 }))],
      ['Empty swap-file', check(page({ lastPage: 0 }, { badPageCount: 638 }))],
      ['shorter than', check(page({ lastPage: 999 }, { badPageCount: 638 }), { hasHoles: true })],
      ['accepted in a regular file', check(page({}, { badPageCount: 638 }), { hasHoles: true })],
      ['has holes', check(page(), { hasHoles: true })],
    ];
    for (const [words, verdict] of ladder) expect(JSON.stringify(verdict)).toContain(words);
    // A foreign header's bad pages are counted before its last page is looked at.
    expect(check(page({ byteOrder: 'big', lastPage: 0 }, { badPageCount: 638 }))).toMatchObject({
      log: [],
      reason: 'nr_badpages is 638; accepted: 0 to 637',
    });
  });

  it('never throws, and never takes more pages than there are, whatever the fields say', () => {
    const u32 = fc.oneof(
      fc.integer({ min: 0, max: 1000 }),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    );
    fc.assert(
      fc.property(
        fc.record({ version: fc.constantFrom(0, 1, 2), lastPage: u32, badPageCount: u32 }),
        fc.array(u32, { maxLength: 20 }),
        fc.constantFrom('regular' as const, 'block' as const),
        fc.integer({ min: 1, max: 400 }),
        ({ version, lastPage, badPageCount }, bad, fileType, filePages) => {
          const bytes = page(
            { lastPage, badPages: Uint32Array.from(bad) },
            { version, badPageCount },
          );
          const verdict = check(bytes, { fileType, sizeBytes: filePages * 4096 });
          if (verdict.outcome !== 'ok') {
            expect(verdict.reason).not.toBe('');
            return;
          }
          expect(verdict.pages).toBe(verdict.maxPages - 1 - verdict.badPages.length);
          expect(verdict.pages).toBeGreaterThan(0);
          if (verdict.kind !== 'ghost') expect(verdict.maxPages).toBeLessThanOrEqual(filePages);
        },
      ),
      { numRuns: 500 },
    );
  });
});
