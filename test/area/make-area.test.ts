import { describe, expect, it } from 'vitest';
import {
  badPagesProblem,
  badPagesReport,
  decodeHeader,
  humanSize,
  pageSizeNotice,
  pageSizeProblem,
  planArea,
  planSize,
  type AreaRequest,
  type SizeRequest,
} from '../../src/area/index.ts';

const MIB = 1024 ** 2;
const TIB = 1024 ** 4;

function size(changes: Partial<SizeRequest> = {}): ReturnType<typeof planSize> {
  const plain = { pageSize: 4096, availableBytes: MIB, offsetBytes: 0, requestedKib: null };
  return planSize({ ...plain, isForced: false, ...changes });
}

function area(changes: Partial<AreaRequest> = {}): ReturnType<typeof planArea> {
  return planArea({
    ...{ pageSize: 4096, pageCount: 256, offsetBytes: 0, byteOrder: 'little' },
    ...{ badPages: new Uint32Array(), label: null, uuid: new Uint8Array(16) },
    ...{ keepsBootbits: false, ...changes },
  });
}

describe('the size of an area', () => {
  it('is all whole pages of the file behind the offset', () => {
    expect(size()).toEqual({ pageCount: 256, warnings: [] });
    expect(size({ availableBytes: MIB + 4095 })).toMatchObject({ pageCount: 256 });
    expect(size({ offsetBytes: 10_000 })).toMatchObject({ pageCount: 253 });
    expect(size({ pageSize: 8192 })).toMatchObject({ pageCount: 128 });
  });

  it('is what was asked for, up to the device, or beyond it by force', () => {
    expect(size({ requestedKib: 512 })).toMatchObject({ pageCount: 128 });
    expect(size({ requestedKib: 2048 })).toEqual({
      error: 'error: size 2048 KiB is larger than device size 1024 KiB',
    });
    expect(size({ requestedKib: 2048, isForced: true })).toMatchObject({ pageCount: 512 });
  });

  it('is ten pages at least', () => {
    expect(size({ availableBytes: 40_960 })).toMatchObject({ pageCount: 10 });
    expect(size({ availableBytes: 40_959 })).toEqual({
      error: 'error: swap area needs to be at least 40 KiB',
    });
    expect(size({ pageSize: 65536, availableBytes: 640 * 1024 - 1 })).toEqual({
      error: 'error: swap area needs to be at least 640 KiB',
    });
  });

  it('is cut off at what the header can declare', () => {
    expect(size({ availableBytes: 17 * TIB })).toEqual({
      pageCount: 0xffffffff,
      warnings: ['warning: truncating swap area to 17179869180 KiB'],
    });
    expect(size({ availableBytes: 16 * TIB - 4096 })).toMatchObject({ warnings: [] });
  });

  it('is refused when the offset is behind the end', () => {
    expect(size({ offsetBytes: MIB + 1 })).toEqual({ error: 'offset larger than file size' });
  });
});

describe('a page size given by the user', () => {
  it('is refused in the words of mkswap', () => {
    expect(pageSizeProblem(3000)).toBe('Bad user-specified page size 3000');
    expect(pageSizeProblem(0xffffffff)).toBe('Bad user-specified page size -1');
    expect(pageSizeProblem(8192)).toBe(null);
  });

  it('is told when it is not the system’s', () => {
    expect(pageSizeNotice(4096)).toBe(null);
    expect(pageSizeNotice(8192)).toBe(
      'Using user-specified page size 8192, instead of the system value 4096',
    );
  });
});

describe('the plan of an area', () => {
  it('declares the last page and reports the bytes without the header', () => {
    const plan = area();
    expect(plan.sizeReport).toBe(
      'Setting up swapspace version 1, size = 1020 KiB (1044480 bytes)\n',
    );
    expect(plan.nameReport).toBe('no label, UUID=00000000-0000-0000-0000-000000000000\n');
    expect(decodeHeader(plan.writes[0]!.bytes, 4096)).toMatchObject({ lastPage: 255 });
  });

  it('leaves bad pages out of the bytes and writes them in the byte order of the header', () => {
    const plan = area({ badPages: Uint32Array.of(3, 4), byteOrder: 'big' });
    expect(plan.sizeReport).toContain('(1036288 bytes)');
    expect(decodeHeader(plan.writes[0]!.bytes, 4096)).toMatchObject({
      byteOrder: 'big',
      badPages: Uint32Array.of(3, 4),
    });
  });

  it('writes the bootbits of the area, or leaves them to a partition table', () => {
    const [whole] = area({ offsetBytes: 10_000 }).writes;
    expect(whole).toMatchObject({ offsetBytes: 10_000 });
    expect(whole!.bytes).toHaveLength(4096);
    const [kept] = area({ keepsBootbits: true }).writes;
    expect(kept).toMatchObject({ offsetBytes: 1024 });
    expect(kept!.bytes).toHaveLength(3072);
  });

  it('says when a label is cut off', () => {
    expect(area({ label: 'x'.repeat(16) })).toMatchObject({
      warnings: ['Label was truncated.'],
      nameReport: `LABEL=${'x'.repeat(15)}, UUID=00000000-0000-0000-0000-000000000000\n`,
    });
  });
});

describe('bad pages', () => {
  it('are counted in words', () => {
    expect([0, 1, 2].map(badPagesReport)).toEqual([
      '0 bad pages\n',
      '1 bad page\n',
      '2 bad pages\n',
    ]);
  });

  it('leave ten good ones and fit the header', () => {
    expect(badPagesProblem(10, 20, 4096)).toBe(null);
    expect(badPagesProblem(11, 20, 4096)).toBe('Unable to set up swap-space: unreadable');
    expect(badPagesProblem(638, 10_000, 4096)).toBe('too many bad pages: 637');
  });
});

describe('a size for people', () => {
  // Checked against util-linux's size_to_human_string.
  it.each([
    [0, '0B', '0 B'],
    [1023, '1023B', '1023 B'],
    [36_864, '36K', '36 KiB'],
    [1536, '1.5K', '1.5 KiB'],
    [36_490_445, '34.8M', '34.8 MiB'],
    [4 * 1024 ** 3, '4G', '4 GiB'],
    [2_093_056, '2M', '2 MiB'],
    [TIB - 4096, '1024G', '1024 GiB'],
    [TIB, '1T', '1 TiB'],
  ])('of %i bytes is %s', (bytes, short, long) => {
    expect(humanSize(bytes, 'short')).toBe(short);
    expect(humanSize(bytes, 'long')).toBe(long);
  });
});
