/** What runs are compared by that is of their devices: I/O, fragmentation, location maps. */
import { PAGE_SIZE } from '../units/index.ts';
import { diskWrites } from './disk-writes.ts';
import { fragmentationMetrics } from './fragmentation.ts';
import { counter, type Metric } from './metric.ts';
import type { RunResult } from './run-result.ts';
import { wearMetrics } from './wear.ts';

/** Pages that came from disks: what a zram has in memory does not. */
function diskReads({ areas }: RunResult): number {
  return areas.reduce(
    (total, { pagesRead, zram }) =>
      total + (zram === undefined ? pagesRead : (zram['bd_reads'] ?? 0)),
    0,
  );
}

function area(
  name: string,
  unit: string,
  better: Metric['better'],
  of: (pages: number, writes: number, bytes: number) => number | null,
): Metric {
  const value = (result: RunResult): number | null => {
    const written = result.areas.map(diskWrites);
    const pages = written.reduce((total, each) => total + each.pages, 0);
    const writes = written.reduce((total, each) => total + each.writes, 0);
    const bytes = written.reduce((total, each) => total + each.bytes, 0);
    return of(pages, writes, bytes);
  };
  return { group: 'devices', name, unit, better, value };
}

const devices: readonly Metric[] = [
  area('pages written', 'pages', 'lower', (pages) => pages),
  {
    group: 'devices',
    name: 'pages written past zswap',
    unit: 'pages',
    better: 'lower',
    value: (result) => counter(result)('pswpout') - counter(result)('zswpwb'),
  },
  {
    group: 'devices',
    name: 'pages written by writeback',
    unit: 'pages',
    better: 'lower',
    value: (result) => counter(result)('zswpwb'),
  },
  area('bytes written', 'bytes', 'lower', (_pages, _writes, bytes) => bytes),
  area('write I/Os', 'I/Os', 'lower', (_pages, writes) => writes),
  area('mean run length', 'pages', 'higher', (pages, writes) =>
    writes === 0 ? null : pages / writes,
  ),
  ...fragmentationMetrics,
  {
    group: 'devices',
    name: 'erase blocks entered per MiB',
    unit: 'blocks',
    better: 'lower',
    value: ({ areas }) => {
      // A zram's writes end in memory.
      const onDisk = areas.filter(({ zram }) => zram === undefined);
      const bytes = onDisk.reduce((total, each) => total + diskWrites(each).bytes, 0);
      const entered = onDisk.reduce((total, each) => total + each.eraseBlocksEntered, 0);
      return bytes === 0 ? null : (entered * 2 ** 20) / bytes;
    },
  },
  {
    group: 'devices',
    name: 'reads from disk per 1000 faults',
    unit: 'pages',
    better: 'lower',
    value: (result) => {
      const faults = counter(result)('pgmajfault');
      return faults === 0 ? null : (diskReads(result) * 1000) / faults;
    },
  },
  {
    group: 'devices',
    name: 'pages read from disk',
    unit: 'pages',
    better: 'lower',
    value: diskReads,
  },
  {
    group: 'devices',
    name: 'size of areas on disk',
    unit: 'bytes',
    better: 'lower',
    // A ghost's file is its header, whatever size that declares.
    value: (result) =>
      result.areas.reduce(
        (total, { kind, pages }) => total + (kind === 'ghost' ? 0 : pages * PAGE_SIZE),
        0,
      ),
  },
  {
    group: 'devices',
    name: 'virtual time',
    unit: 'ms',
    better: 'lower',
    value: (result) => result.virtualNs / 1e6,
  },
];

/** A metric of the areas with a location map together; null where there is none. */
function ofMaps(
  name: string,
  unit: string,
  better: Metric['better'],
  of: (sum: (figure: string) => number) => number | null,
): Metric {
  const value = (result: RunResult): number | null => {
    const maps = result.areas.flatMap(({ mapped }) => (mapped === undefined ? [] : [mapped]));
    if (maps.length === 0) return null;
    return of((figure) => maps.reduce((total, map) => total + (map[figure] ?? 0), 0));
  };
  return { group: 'location maps', name, unit, better, value };
}

const maps: readonly Metric[] = [
  ofMaps('bytes read', 'bytes', 'lower', (sum) => sum('bytesRead')),
  ofMaps('read amplification', ': 1', 'lower', (sum) => {
    const asked = sum('bytesAsked');
    return asked === 0 ? null : (sum('bytesRead') - sum('compactionBytesRead')) / asked;
  }),
  ofMaps('space taken for what is live', ': 1', 'lower', (sum) => {
    const live = sum('liveBytes');
    return live === 0 ? null : sum('usedBytes') / live;
  }),
  ofMaps('bytes moved by compaction', 'bytes', 'lower', (sum) => sum('bytesRelocated')),
  ofMaps('reads served by the buffer', 'pages', 'higher', (sum) => sum('bufferReads')),
  ofMaps('writes that died in the buffer', 'pages', 'higher', (sum) => sum('bufferDrops')),
  ofMaps('age spread in a packed page', 'pages', 'lower', (sum) =>
    sum('agedPages') === 0 ? null : sum('ageSpreadSum') / sum('agedPages'),
  ),
];

export const deviceMetrics: readonly Metric[] = [...devices, ...maps, ...wearMetrics];
