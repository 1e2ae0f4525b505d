import { describe, expect, it } from 'vitest';
import { formatClassStats, ZsmallocPool } from '../../src/pool/index.ts';
import { testEngine } from './support/pool-model.ts';

/** Objects of 2000 bytes: class 2048, two in a page; of 500: class 512, eight in a page. */
function filled(): ZsmallocPool {
  const pool = new ZsmallocPool({ engine: testEngine(), bytes: false });
  const halves = Array.from({ length: 5 }, () => pool.store(null, 2000));
  const small = Array.from({ length: 17 }, () => pool.store(null, 500));
  pool.store(null, 4096);
  pool.free(halves[1]!);
  for (const index of [1, 2, 3, 4, 5, 6, 7]) pool.free(small[index]!);
  return pool;
}

describe('the table of size classes', () => {
  it('has a row for each of the 119 classes', () => {
    const rows = filled().classStats();
    expect(rows).toHaveLength(119);
    expect(rows.map(({ index }) => index)).toEqual(
      rows.map(({ index }) => index).toSorted((one, other) => one - other),
    );
  });

  it('counts zspages by fullness, objects, pages and what compaction would free', () => {
    const pool = filled();
    const row = (size: number): unknown => pool.classStats().find((each) => each.size === size);
    expect(row(2048)).toEqual({
      index: 126,
      size: 2048,
      // Half full is the group of up to 60 %; one page is full.
      zspages: [0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1],
      objectsAllocated: 6,
      objectsUsed: 4,
      pagesUsed: 3,
      pagesPerZspage: 1,
      freeablePages: 1,
    });
    expect(row(512)).toMatchObject({
      // One of eight is 12 %.
      zspages: [0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1],
      objectsAllocated: 24,
      objectsUsed: 10,
      freeablePages: 1,
    });
    expect(row(4096)).toMatchObject({ objectsUsed: 1, pagesUsed: 1, freeablePages: 0 });
    pool.compact();
    expect(row(2048)).toMatchObject({ zspages: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2], pagesUsed: 2 });
    expect(row(512)).toMatchObject({ zspages: [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1], pagesUsed: 2 });
  });

  it('prints as the kernel does, column by column', () => {
    const lines = formatClassStats(filled().classStats()).split('\n');
    // The format string of the kernel, its widths and blanks.
    expect(lines[0]).toBe(
      ' class  size       10%       20%       30%       40%       50%       60%       70%' +
        '       80%       90%       99%      100% obj_allocated   obj_used pages_used' +
        ' pages_per_zspage freeable',
    );
    expect(lines.find((line) => line.startsWith('   126  2048'))).toBe(
      '   126  2048         0         0         0         0         0         2         0' +
        '         0         0         0         1             6          4          3' +
        '                1        1',
    );
    expect(lines.at(-3)).toBe('');
    expect(lines.at(-2)).toBe(
      ' Total               0         2         0         0         0         2         0' +
        '         0         0         0         3            31         15          7' +
        '                         2',
    );
    expect(lines).toHaveLength(119 + 4);
  });
});
