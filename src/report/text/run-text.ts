/** A stored run for people, section by section. */
import { CONSEQUENCES, flattenParameters, type StoredRun } from '../../runs/index.ts';
import { countOf, percentilesOf } from '../export/document.ts';
import { areaName, withAreaNames } from './area-names.ts';
import { enduranceText } from './endurance-text.ts';
import { secondsText, utcText } from './figures.ts';
import { phasesText } from './phases-text.ts';
import { clusterSummary, slotMapSummary } from './slot-map.ts';
import { rangeOf, sparkline, type CharacterSet, type TimedValue } from './sparkline.ts';
import { alignRows, alignTable, type Cell } from './table.ts';

/** Characters of a series. */
const SPARK_WIDTH = 40;

interface Section {
  readonly title: string;
  /** Nothing where the run has nothing of it. */
  readonly text: (run: StoredRun, characters: CharacterSet) => string;
}

/** What `--section` takes, in the order of printing. */
export const SECTION_NAMES = [
  'summary',
  'spec',
  'phases',
  'series',
  'areas',
  'histograms',
  'metrics',
  'metadata',
  'endurance',
  'faults',
  'steering',
  'events',
] as const;
export type SectionName = (typeof SECTION_NAMES)[number];

const SECTIONS: Readonly<Record<SectionName, Section>> = {
  summary: { title: '', text: summaryText },
  spec: { title: 'Spec', text: specText },
  phases: { title: 'Phases', text: phasesText },
  series: { title: 'Over virtual time', text: seriesText },
  areas: { title: 'Areas', text: areasText },
  histograms: { title: 'Histograms', text: histogramsText },
  metrics: { title: 'Metrics', text: metricsText },
  metadata: { title: 'Metadata', text: metadataText },
  endurance: { title: 'Intervals', text: enduranceText },
  faults: { title: 'Faults', text: faultsText },
  steering: { title: 'Steering', text: steeringText },
  events: { title: 'Events', text: eventsText },
};

/** The sections called `names`, in the order of printing, each under its title. */
export function runText(
  run: StoredRun,
  names: readonly SectionName[],
  characters: CharacterSet,
): string {
  return SECTION_NAMES.filter((name) => names.includes(name))
    .map((name) => ({ title: SECTIONS[name].title, body: SECTIONS[name].text(run, characters) }))
    .filter(({ body }) => body !== '')
    .map(({ title, body }) => (title === '' ? body : `${title}\n${body}`))
    .join('\n');
}

function summaryText(run: StoredRun): string {
  const { verify } = run;
  return alignTable(
    [],
    [
      ['run', `${run.runId}${run.name === null ? '' : ` (${run.name})`}`],
      ['status', run.exitReason === null ? run.status : `${run.status}: ${run.exitReason}`],
      ['design', run.design],
      ['seed', String(run.seed)],
      ['version', run.version],
      ['command', run.command],
      ['started', utcText(run.startedMs)],
      ['wall time', secondsText(run.wallMs, 1e3)],
      ['virtual time', secondsText(run.virtualNs, 1e9)],
      ['verified', verify && `${verify.pagesChecked} pages, ${verify.mismatches} mismatches`],
      ['slot runs', run.slotRuns === null ? null : String(run.slotRuns)],
      ['digest', run.digest],
      ['spec hash', run.specHash],
    ].map(([key, value]) => [key ?? '', value ?? '-']),
  );
}

function specText({ spec }: StoredRun): string {
  return alignTable(
    [],
    flattenParameters(spec).map(({ key, value }) => [key, String(value)]),
  );
}

function seriesText({ phases }: StoredRun, characters: CharacterSet): string {
  const series = new Map<string, TimedValue[]>();
  for (const phase of phases)
    for (const { name, ...point } of phase.series) {
      const points = series.get(name);
      if (points === undefined) series.set(name, [point]);
      else points.push(point);
    }
  return alignRows(
    [...series].map(([name, points]) => {
      const { low, high } = rangeOf(points);
      return {
        SERIES: name,
        POINTS: points.length,
        MIN: figure(low),
        MAX: figure(high),
        LAST: figure(points.at(-1)?.value ?? 0),
        'FROM START TO END': sparkline(points, SPARK_WIDTH, characters),
      };
    }),
  );
}

function areasText(run: StoredRun): string {
  if (run.areas.length === 0) return '';
  const rows = run.areas.map((area) => ({
    ...{ TYPE: area.type, PATH: areaName(run, area), KIND: area.kind, PAGES: area.pages },
    ...{ USED: area.usedPages, PRIO: area.priority },
  }));
  const names = [...new Set(run.areas.flatMap(({ counters }) => Object.keys(counters)))];
  const counters = names.map((name) => ({
    COUNTER: name,
    ...Object.fromEntries(
      run.areas.map(({ type, counters: { [name]: value } }) => [
        `AREA ${type}`,
        value === undefined ? '-' : figure(value),
      ]),
    ),
  }));
  const maps = run.slotMaps.map((map) => {
    const clusters = clusterSummary(map);
    const lists = clusters === '' ? '' : `\n  clusters: ${clusters}`;
    return `slots of area ${map.type}: ${slotMapSummary(map)}${lists}\n`;
  });
  return alignRows(rows) + maps.join('') + (names.length === 0 ? '' : '\n') + alignRows(counters);
}

function histogramsText({ histograms }: StoredRun): string {
  return alignRows(
    histograms.map(({ name, unit, buckets }) => {
      const percentiles = Object.entries(percentilesOf(buckets));
      return {
        ...{ NAME: name, UNIT: unit, COUNT: countOf(buckets), MIN: buckets[0]?.low ?? '-' },
        ...Object.fromEntries(percentiles.map(([label, value]) => [label.toUpperCase(), value])),
      };
    }),
  );
}

function metricsText({ metrics }: StoredRun): string {
  return alignRows(
    metrics.map(({ group, name, unit, value, better }) => ({
      ...{ GROUP: group, METRIC: name, VALUE: figure(value), UNIT: unit },
      BETTER: better === 'none' ? '' : better,
    })),
  );
}

function metadataText({ metadata }: StoredRun): string {
  if (metadata.length === 0) return '';
  const total = metadata.reduce((sum, { bytes }) => sum + bytes, 0);
  return alignRows([
    ...metadata.map(({ term, bytes, kind }) => ({ TERM: term, BYTES: bytes, KIND: kind })),
    { TERM: 'total', BYTES: total, KIND: '' },
  ]);
}

/** How many of each kind, and those that are stored one by one. */
function faultsText(run: StoredRun): string {
  const { faults, faultCounts } = run;
  const kinds = [...new Set(faultCounts.map(({ kind }) => kind))].map((kind) => {
    const ofKind = faultCounts.filter((row) => row.kind === kind);
    const fired = ofKind.reduce((sum, { count }) => sum + count, 0);
    const became = CONSEQUENCES.map((consequence) => [
      consequence.toUpperCase(),
      ofKind.find((row) => row.consequence === consequence)?.count ?? 0,
    ]);
    return { KIND: kind, FIRED: fired, ...(Object.fromEntries(became) as Record<string, Cell>) };
  });
  const single = faults.map((fault) => ({
    ...{ FAULT: fault.id, TIME: secondsText(fault.timeNs, 1e9), OPERATION: fault.operation },
    ...{ KIND: fault.kind, AREA: withAreaNames(run, fault.area), SLOT: fault.slot },
    ...{ PAGES: fault.pages, CONSEQUENCE: fault.consequence },
    DETAIL: withAreaNames(run, fault.detail),
  }));
  const separator = kinds.length > 0 && single.length > 0 ? '\n' : '';
  return alignRows(kinds) + separator + alignRows(single);
}

function steeringText(run: StoredRun): string {
  return alignRows(
    run.steering.map(({ action, area, operation, phase, outcome, detail }) => ({
      ...{ OPERATION: operation, PHASE: phase ?? '-', ACTION: action },
      ...{ AREA: withAreaNames(run, area), OUTCOME: outcome },
      DETAIL: withAreaNames(run, detail),
    })),
  );
}

function eventsText(run: StoredRun): string {
  return alignRows(
    run.events.map(({ timeNs, kind, detail }) => ({
      ...{ TIME: secondsText(timeNs, 1e9), KIND: kind, DETAIL: withAreaNames(run, detail) },
    })),
  );
}

/** Whole numbers as they are; others with three decimals at most. */
function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toFixed(3)));
}
