import { describe, expect, it } from 'vitest';
import { parseSmaps, planScan, type Mapping } from '../../src/estimate/index.ts';

/** Recorded from a program under linux 6.18 that had locked a shared mapping; `lo` moved to a heap. */
const RECORDED = `55d64d3fa000-55d64d5ad000 rw-p 00000000 00:00 0                          [heap]
Size:               1740 kB
KernelPageSize:        4 kB
MMUPageSize:           4 kB
Rss:                1612 kB
Pss:                1612 kB
Referenced:         1612 kB
Anonymous:          1612 kB
KSM:                   0 kB
AnonHugePages:         0 kB
Swap:                128 kB
SwapPss:              64 kB
Locked:                0 kB
THPeligible:           0
VmFlags: rd wr mr mw me ac 
7fe25237b000-7fe25238b000 rw-p 00000000 00:00 0 
Size:                 64 kB
KernelPageSize:        4 kB
Anonymous:            64 kB
Swap:                  0 kB
VmFlags: rd wr mr mw me lo 
7fe253000000-7fe253400000 rw-s 00000000 00:0f 108745                     /anon_hugepage (deleted)
KernelPageSize:     2048 kB
Anonymous:             0 kB
VmFlags: rd wr sh mr mw me ms de ht 
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
Size:                  4 kB
KernelPageSize:        4 kB
Anonymous:             0 kB
VmFlags: ex 
`;

describe('the text of smaps', () => {
  it('gives pages of every mapping, in memory and in swap', () => {
    const [heap, locked, huge, vsyscall] = parseSmaps(RECORDED);
    expect(heap).toEqual({
      ...{ firstPage: 0x55d64d3fa, pageCount: 435, anonymousPages: 403, swapPages: 32 },
      ...{ isLocked: false, pageBytes: 4096 },
    });
    expect(locked).toMatchObject({ pageCount: 16, anonymousPages: 16, isLocked: true });
    expect(huge).toMatchObject({ pageBytes: 2 * 1024 * 1024, isLocked: false });
    expect(vsyscall).toMatchObject({ firstPage: 0xffffffffff600, pageCount: 1 });
  });

  it('is empty for a kernel thread', () => {
    expect(parseSmaps('')).toEqual([]);
  });
});

describe('the plan of what is scanned', () => {
  const mapping = (changes: Partial<Mapping>): { mapping: Mapping } => ({
    mapping: {
      ...{ firstPage: 1, pageCount: 100, anonymousPages: 10, swapPages: 0 },
      ...{ isLocked: false, pageBytes: 4096, ...changes },
    },
  });

  it('leaves out what holds nothing anonymous, and counts what is locked', () => {
    const items = [
      mapping({ anonymousPages: 0 }),
      mapping({ isLocked: true, anonymousPages: 7 }),
      mapping({}),
    ];
    expect(planScan(items)).toEqual({
      scanned: [items[2]],
      ...{ lockedPages: 7, skippedMappings: 0, skippedPages: 0 },
    });
  });

  it('drops the emptiest mappings where the page tables are too large, and says how much is in them', () => {
    const shadow = mapping({ pageCount: 1_000_000, anonymousPages: 50 });
    const [large, small] = [mapping({ pageCount: 900, anonymousPages: 90 }), mapping({})];
    const plan = planScan([shadow, large, small], 1000);
    expect(plan.scanned).toEqual([large, small]);
    expect([plan.skippedMappings, plan.skippedPages]).toEqual([1, 50]);
  });
});
