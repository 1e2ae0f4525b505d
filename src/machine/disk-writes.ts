/** What areas have written to disks. */
import { PAGE_SIZE } from '../units/index.ts';
import type { AreaResult } from './run-result.ts';

/**
 * What an area has written to a disk: a zram's pages stay in memory, but for those on its backing
 * device; a location map's device writes otherwise than it is told to.
 */
export function diskWrites(area: Pick<AreaResult, 'mapped' | 'zram' | 'pagesWritten' | 'writes'>): {
  readonly pages: number;
  readonly writes: number;
  readonly bytes: number;
} {
  const { mapped, zram } = area;
  if (mapped !== undefined) {
    const { writes = 0, bytesWritten: bytes = 0 } = mapped;
    return { pages: area.pagesWritten, writes, bytes };
  }
  const pages = zram === undefined ? area.pagesWritten : (zram['bd_writes'] ?? 0);
  const writes = zram === undefined ? area.writes : (zram['backing_writes'] ?? 0);
  return { pages, writes, bytes: pages * PAGE_SIZE };
}
