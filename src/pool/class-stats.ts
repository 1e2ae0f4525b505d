/**
 * The table of size classes as the kernel prints it in /sys/kernel/debug/zsmalloc/POOL/classes
 * (with CONFIG_ZSMALLOC_STAT).
 * @source linux 6.12 mm/zsmalloc.c zs_stats_size_show
 */
import type { SizeClass } from './size-classes.ts';
import { FULLNESS_GROUPS, type ZspageTable } from './zspage-table.ts';

export interface ClassStats {
  readonly index: number;
  /** Bytes of an object with its handle. */
  readonly size: number;
  /** zspages by fullness: up to 10 %, 20 %, … 90 %, 99 %, and 100 %: eleven numbers. */
  readonly zspages: readonly number[];
  readonly objectsAllocated: number;
  readonly objectsUsed: number;
  readonly pagesUsed: number;
  readonly pagesPerZspage: number;
  /** Pages that compaction could free. */
  readonly freeablePages: number;
}

const GROUP_NAMES = [10, 20, 30, 40, 50, 60, 70, 80, 90, 99, 100].map((percent) => `${percent}%`);
const GROUP_WIDTH = 9;

/** One row a class (merged ones once), by index. */
export function classStats(classes: readonly SizeClass[], zspages: ZspageTable): ClassStats[] {
  const distinct = classes.filter((entry, index) => entry.index === index);
  return distinct.map((entry) => {
    const groups: number[] = [];
    for (let group = 1; group < FULLNESS_GROUPS; group++)
      groups.push(zspages.countInGroup(entry.index, group));
    const count = zspages.zspageCount(entry.index);
    return {
      index: entry.index,
      size: entry.size,
      zspages: groups,
      objectsAllocated: count * entry.objectsPerZspage,
      objectsUsed: zspages.usedObjects(entry.index),
      pagesUsed: count * entry.pagesPerZspage,
      pagesPerZspage: entry.pagesPerZspage,
      freeablePages: zspages.compactablePages(entry),
    };
  });
}

/** The file's text: a heading, a line per class, an empty line, the totals. */
export function formatClassStats(rows: readonly ClassStats[]): string {
  const line = (
    first: readonly (string | number)[],
    groups: readonly (string | number)[],
    last: readonly (string | number)[],
  ): string => {
    const head = first.map((cell) => String(cell).padStart(5)).join(' ');
    const middle = groups.map((cell) => String(cell).padStart(GROUP_WIDTH)).join(' ');
    const widths = [13, 10, 10, 16, 8];
    const tail = last.map((cell, i) => String(cell).padStart(widths[i]!)).join(' ');
    return ` ${head} ${middle} ${tail}\n`;
  };
  const total = (pick: (row: ClassStats) => number): number =>
    rows.reduce((sum, row) => sum + pick(row), 0);
  const heading = ['obj_allocated', 'obj_used', 'pages_used', 'pages_per_zspage', 'freeable'];
  const body = rows.map((row) =>
    line([row.index, row.size], row.zspages, [
      row.objectsAllocated,
      row.objectsUsed,
      row.pagesUsed,
      row.pagesPerZspage,
      row.freeablePages,
    ]),
  );
  const totals = line(
    ['Total', ''],
    GROUP_NAMES.map((_, group) => total((row) => row.zspages[group]!)),
    [
      total((row) => row.objectsAllocated),
      total((row) => row.objectsUsed),
      total((row) => row.pagesUsed),
      '',
      total((row) => row.freeablePages),
    ],
  );
  return `${line(['class', 'size'], GROUP_NAMES, heading)}${body.join('')}\n${totals}`;
}
