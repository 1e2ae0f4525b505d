/**
 * Stored runs as CSV in long form: a line a number, for a data frame or a spreadsheet to pivot.
 *
 * `at` tells numbers of one name apart: virtual nanoseconds of a point of a series, the upper end of
 * a bucket of a histogram.
 */
import type { StoredRun } from '../../runs/index.ts';
import { csvText, type CsvCell } from '../text/csv.ts';
import { percentilesOf } from './document.ts';

const TITLES = ['run', 'phase', 'kind', 'name', 'unit', 'value', 'at'] as const;

interface Line {
  readonly phase?: number;
  readonly kind: string;
  readonly name: string;
  readonly unit?: string;
  readonly value: number;
  readonly at?: number;
}

export function csvExport(runs: readonly StoredRun[]): string {
  const rows = runs.flatMap((run) =>
    [...ofRun(run), ...ofPhases(run), ...ofHistograms(run), ...ofAreas(run)].map(
      ({ phase, kind, name, unit, value, at }): CsvCell[] => [
        ...[run.runId, phase ?? null, kind, name, unit ?? '', value, at ?? null],
      ],
    ),
  );
  return csvText([TITLES, ...rows]);
}

function ofRun(run: StoredRun): Line[] {
  const { virtualNs, slotRuns, verify } = run;
  const facts: [string, string, number | null][] = [
    ['virtual time', 'ns', virtualNs],
    ['slot runs', 'runs', slotRuns],
    ['pages checked', 'pages', verify?.pagesChecked ?? null],
    ['mismatches', 'pages', verify?.mismatches ?? null],
  ];
  return [
    ...facts.flatMap(([name, unit, value]): Line[] =>
      value === null ? [] : [{ kind: 'run', name, unit, value }],
    ),
    ...run.metrics.map(({ name, unit, value }): Line => ({ kind: 'metric', name, unit, value })),
    ...run.metadata.map(({ term, kind, bytes }): Line => ({
      ...{ kind: `metadata.${kind}`, name: term, unit: 'bytes', value: bytes },
    })),
    ...Object.entries(run.operations).flatMap(([operation, counters]) =>
      Object.entries(counters).map(([name, value]): Line => ({
        kind: `operation.${operation}`,
        name,
        unit: 'events',
        value,
      })),
    ),
    ...run.faultCounts.map(({ kind, consequence, count }): Line => ({
      ...{ kind: `fault.${consequence}`, name: kind, unit: 'faults', value: count },
    })),
  ];
}

function ofPhases({ phases }: StoredRun): Line[] {
  return phases.flatMap((record) => {
    const { index: phase, counters, present, swapped, virtualNs, zswap, zram, series } = record;
    const named = (kind: string, values: Readonly<Record<string, number>> | null | undefined) =>
      Object.entries(values ?? {}).map(([name, value]): Line => ({ phase, kind, name, value }));
    return [
      { phase, kind: 'phase', name: 'present', unit: 'pages', value: present },
      { phase, kind: 'phase', name: 'swapped', unit: 'pages', value: swapped },
      { phase, kind: 'phase', name: 'virtual time', unit: 'ns', value: virtualNs },
      ...named('counter', counters).map((line) => ({ ...line, unit: 'events' })),
      ...named('zswap', zswap),
      ...named('zram', zram),
      ...series.map(({ name, timeNs, value }): Line => ({
        phase,
        kind: 'series',
        name,
        value,
        at: timeNs,
      })),
    ];
  });
}

function ofHistograms({ histograms }: StoredRun): Line[] {
  return histograms.flatMap(({ name, unit, buckets }) => [
    ...Object.entries(percentilesOf(buckets)).map(([percentile, value]): Line => ({
      kind: `percentile.${percentile}`,
      name,
      unit,
      value,
    })),
    ...buckets.map(({ high, count }): Line => ({
      ...{ kind: 'bucket', name, unit: 'values', value: count, at: high },
    })),
  ]);
}

function ofAreas({ areas }: StoredRun): Line[] {
  return areas.flatMap(({ type, pages, usedPages, priority, counters }) => {
    const kind = `area.${type}`;
    return [
      { kind, name: 'pages', unit: 'pages', value: pages },
      { kind, name: 'usedPages', unit: 'pages', value: usedPages },
      { kind, name: 'priority', value: priority },
      ...Object.entries(counters).map(([name, value]): Line => ({ kind, name, value })),
    ];
  });
}
