/**
 * The figure of `swaplab bench` for writeback: how much faster zswap writes the same pages back to
 * a file in batches than one by one.
 *
 * A trace fills memory and zswap's pool and pauses. There the cold end of the pool is written back
 * until so many pages are written, by the two phases that the shrink worker itself repeats; only
 * that is timed: looking at the LRU, decompression, folios and slots, pwritev. The file is
 * written as swap writes it, without O_DSYNC or fdatasync: what is measured ends in the page cache
 * of the machine underneath, and the gain is that of fewer calls, not of a disk's queue.
 */
import { Machine, parseSpec, type PreparedArea } from '../src/machine/index.ts';
import { EV } from '../src/engine/index.ts';
import { PAGE_SIZE, RunError } from '../src/units/index.ts';
import { parseTrace, TraceWorkload } from '../src/workload/index.ts';

/** What one round of one batch size gave. */
export interface WritebackRound {
  readonly pagesPerSecond: number;
  readonly pages: number;
  readonly ios: number;
}

/** Entries of a round of writeback that are compared; the first is the kernel's. */
export const WRITEBACK_BATCHES = [1, 32] as const;

/** Pages of the mapping; a quarter stays in memory, the others fill the pool. */
const PAGES = 24_576;
/** Pages that are written back of those, at scale 1. */
const WRITTEN = 12_288;

/**
 * Fills the pool and writes a share of it back.
 * @param area - an area over a real file, which is closed by the caller
 * @param batch - `zswap.writebackBatch`
 * @param scale - share of the usual number of pages
 */
export async function measureWriteback(
  area: PreparedArea,
  batch: number,
  scale: number,
): Promise<WritebackRound> {
  const trace = `pages ${PAGES}
W 0 ${PAGES} seq ${PAGES} 1 mix:1536
pause
`;
  const spec = parseSpec(
    {
      payload: 'bytes',
      design: 'vswap-table',
      // The pool's limit is beyond what it is given: nothing is written before the pause.
      machine: { memory: (PAGES / 4) * PAGE_SIZE, ram: '1G', pageCluster: 0 },
      areas: [{ path: area.name }],
      zswap: { enabled: true, writebackBatch: batch },
      workload: { trace },
    },
    'bench',
  );
  const workload = new TraceWorkload(parseTrace(trace, 'bench'), { file: null });
  const machine = new Machine(spec, [area], workload);
  const target = Math.max(1, Math.min(WRITTEN, Math.round(WRITTEN * scale)));
  let round: WritebackRound | undefined;
  await machine.run({
    onPause: () => {
      round = writeBack(machine, batch, target);
      return Promise.resolve();
    },
  });
  if (round === undefined) throw new RunError('bench: the trace of writeback does not pause');
  return round;
}

function writeBack(machine: Machine, batch: number, target: number): WritebackRound {
  const { zswap } = machine.swap;
  const counted = (name: 'zswpwb' | 'pswpout' | 'deviceWrite'): number =>
    machine.engine.counted(EV[name]);
  if (counted('pswpout') !== 0) throw new RunError('bench: the fill went past zswap');
  const iosBefore = counted('deviceWrite');
  let written = 0;
  let looksInVain = 0;
  const startMs = performance.now();
  while (written < target) {
    // The last batch is cut so that each size writes the same number of pages.
    zswap.pickBatch(Math.min(batch, target - written), machine.memory.cgroup.id);
    const count = zswap.writeBackPicked();
    written += count;
    looksInVain = count === 0 ? looksInVain + 1 : 0;
    // Every entry may be passed over once.
    if (looksInVain > 2 * PAGES) throw new RunError('bench: nothing can be written back');
  }
  const elapsedMs = performance.now() - startMs;
  return {
    pagesPerSecond: (written * 1000) / elapsedMs,
    pages: counted('zswpwb'),
    ios: counted('deviceWrite') - iosBefore,
  };
}
