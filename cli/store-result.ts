/** What a run has come to, into the state database: the same for every command that runs a machine. */
import { metricRows, type RunResult } from '../src/machine/index.ts';
import { REPORT_EVENT, type RunWriter } from '../src/runs/index.ts';

/** Stores how things stood at the end of the workload: areas, their slots, metadata. */
export function storeState(
  writer: RunWriter,
  { areas, slotMaps, metadata }: Pick<RunResult, 'areas' | 'slotMaps' | 'metadata'>,
): void {
  writer.areas(
    areas.map(
      ({ type, path, kind, pages, usedPages, priority, zram, mapped, wear, ...counters }) => ({
        ...{ type, path, kind, pages, usedPages, priority },
        counters: {
          ...counters,
          ...zram,
          ...prefixed('map', mapped),
          ...prefixed('wear', { ...wear }),
        },
      }),
    ),
  );
  writer.slotMaps(slotMaps);
  writer.metadata(metadata);
}

/** Stores what was counted over the whole run, and what it is compared by. */
export function storeCounts(writer: RunWriter, result: RunResult): void {
  writer.metrics(metricRows(result));
  writer.operations(result.operations);
  for (const { name, buckets } of result.histograms)
    writer.histogram(name, buckets, name.split('.').at(-1) ?? '');
  for (const line of result.report) writer.event(result.virtualNs, REPORT_EVENT, line);
}

/** Counts under names of their own, for a flat record; ratios follow from them. */
function prefixed(
  prefix: string,
  figures: Readonly<Record<string, number | string>> = {},
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(figures)
      .filter((figure): figure is [string, number] => Number.isInteger(figure[1]))
      .map(([name, value]) => [`${prefix}.${name}`, value]),
  );
}
