/** What `swapon --show` and `swapon --summary` tell of an active area. */
import { humanSize, type ActiveArea } from '../../src/area/index.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';
import type { TableColumn } from './smartcols.ts';

/** @source util-linux sys-utils/swapon.c infos[] */
export const SWAP_COLUMNS: readonly TableColumn<ActiveArea>[] = [
  {
    name: 'NAME',
    isRight: false,
    help: 'device file or partition path',
    text: (area) => area.path,
    value: (area) => area.path,
  },
  {
    name: 'TYPE',
    isRight: false,
    help: 'type of the device',
    text: (area) => area.kind,
    value: (area) => area.kind,
  },
  sizeColumn('SIZE', 'size of the swap area', (area) => area.pages),
  sizeColumn('USED', 'bytes in use', (area) => area.usedPages),
  {
    name: 'PRIO',
    isRight: true,
    help: 'swap priority',
    text: (area) => String(area.priority),
    value: (area) => area.priority,
  },
  {
    name: 'UUID',
    isRight: false,
    help: 'swap uuid',
    text: (area) => area.uuid ?? '',
    value: (area) => area.uuid,
  },
  {
    name: 'LABEL',
    isRight: false,
    help: 'swap label',
    text: (area) => area.label ?? '',
    value: (area) => area.label,
  },
];

/** Columns of `swapon --show` when none are named. */
export const DEFAULT_SWAP_COLUMNS: readonly TableColumn<ActiveArea>[] = SWAP_COLUMNS.slice(0, 5);

/**
 * The table of /proc/swaps with util-linux's heading; nothing without areas.
 * @source util-linux sys-utils/swapon.c display_summary
 */
export function swapSummary(areas: readonly ActiveArea[]): string {
  if (areas.length === 0) return '';
  const rows = areas.map((area) => {
    const name = area.path.length < 40 ? area.path.padEnd(40) : `${area.path} `;
    const type = area.kind.length < 8 ? `${area.kind}\t` : area.kind;
    return `${name}${type}\t${kib(area.pages)}\t${kib(area.usedPages)}\t${area.priority}\n`;
  });
  return `Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n${rows.join('')}`;
}

function sizeColumn(
  name: string,
  help: string,
  pagesOf: (area: ActiveArea) => number,
): TableColumn<ActiveArea> {
  const bytesOf = (area: ActiveArea): number => pagesOf(area) * PAGE_SIZE;
  return {
    ...{ name, help, isRight: true },
    text: (area, isInBytes) =>
      isInBytes ? String(bytesOf(area)) : humanSize(bytesOf(area), 'short'),
    value: bytesOf,
  };
}

/** Pages in KiB, with a tab more behind a number of few digits. */
function kib(pages: number): string {
  const size = pages * (PAGE_SIZE / 1024);
  return size < 10_000_000 ? `${size}\t` : String(size);
}
