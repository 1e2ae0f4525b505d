/** The figures of a zram device, and the kernel's names for them. */

/** mm_stat, io_stat and bd_stat of /sys/block/zramN, and what the backing device was asked. */
export interface ZramStat {
  readonly origDataBytes: number;
  readonly comprDataBytes: number;
  readonly memUsedBytes: number;
  /** 0 is no limit. */
  readonly memLimitBytes: number;
  readonly memUsedMaxBytes: number;
  readonly samePages: number;
  readonly pagesCompacted: number;
  readonly hugePages: number;
  readonly hugePagesSince: number;
  readonly failedReads: number;
  readonly failedWrites: number;
  readonly notifyFree: number;
  /** Blocks of the backing device that hold a page. */
  readonly bdCount: number;
  readonly bdReads: number;
  readonly bdWrites: number;
  /** I/Os that `bdWrites` pages took; reads take one each. */
  readonly backingWrites: number;
}

/**
 * The figures by the kernel's names, in the order of mm_stat, io_stat and bd_stat.
 * @source linux 6.18 drivers/block/zram/zram_drv.c mm_stat_show, io_stat_show (invalid_io is always
 * 0), bd_stat_show; Documentation/admin-guide/blockdev/zram.rst
 */
export function zramFigures(stat: ZramStat): Record<string, number> {
  return {
    orig_data_size: stat.origDataBytes,
    compr_data_size: stat.comprDataBytes,
    mem_used_total: stat.memUsedBytes,
    mem_limit: stat.memLimitBytes,
    mem_used_max: stat.memUsedMaxBytes,
    same_pages: stat.samePages,
    pages_compacted: stat.pagesCompacted,
    huge_pages: stat.hugePages,
    huge_pages_since: stat.hugePagesSince,
    failed_reads: stat.failedReads,
    failed_writes: stat.failedWrites,
    invalid_io: 0,
    notify_free: stat.notifyFree,
    bd_count: stat.bdCount,
    bd_reads: stat.bdReads,
    bd_writes: stat.bdWrites,
  };
}
