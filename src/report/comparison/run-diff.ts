/**
 * What two stored runs differ in: keys of their specs, and results. Equal are runs whose specs, but
 * for the name, and results are. Wall time, and when and where a run was made, never differ here.
 */
import {
  canonicalJson,
  type JsonValue,
  type MetricRecord,
  type PhaseRecord,
  type StoredRun,
} from '../../runs/index.ts';
import { changePercent, metricOrder } from './comparison.ts';
import { objectDifferences, type SpecDifference } from './spec-differences.ts';

/** Of run A, then of run B. */
export type Two<Value> = readonly [Value, Value];

export interface MetricDifference extends Omit<MetricRecord, 'value' | 'isAlwaysShown'> {
  /** Null where the run has no such value. */
  readonly values: Two<number | null>;
  /** From A to B; null where there is none. */
  readonly percent: number | null;
}

export interface FigureDifference {
  /** Of a counter, or `present`, `swapped`, `virtualNs`. */
  readonly name: string;
  readonly values: Two<number>;
}

/** A phase that is not the same in both. */
export interface PhaseDifference {
  readonly index: number;
  /** Null where the run has no such phase. */
  readonly ops: Two<string | null>;
  /** In the order in which the phase counts; empty where one of the two has no such phase. */
  readonly figures: readonly FigureDifference[];
}

/** Other parts of the result: which of their rows are not the same. */
export interface PartDifference {
  readonly part: 'areas' | 'metadata' | 'histograms' | 'faults' | 'steering' | 'events';
  readonly names: readonly string[];
}

export interface RunDiff {
  readonly runIds: Two<number>;
  readonly isEqual: boolean;
  /** Two values each. A name does not count for `isEqual`. */
  readonly spec: readonly SpecDifference[];
  /**
   * What differs of version, status, reason, digest, pages compared, slot runs, virtual time. The
   * version does not count for `isEqual`.
   */
  readonly results: readonly {
    readonly name: string;
    readonly values: Two<string | number | null>;
  }[];
  /** Null where one of the runs has none. */
  readonly isDigestEqual: boolean | null;
  readonly metrics: readonly MetricDifference[];
  readonly phases: readonly PhaseDifference[];
  readonly parts: readonly PartDifference[];
  /** Where the runs first went apart: the first figure of the first phase that differs. */
  readonly firstDifference: (FigureDifference & { readonly phase: number }) | null;
}

/** Compares two stored runs. */
export function diffRuns(a: StoredRun, b: StoredRun): RunDiff {
  const spec = objectDifferences([a.spec, b.spec], '');
  const results = resultDifferences(a, b);
  const metrics = metricDifferences(a.metrics, b.metrics);
  const phases = phaseDifferences(a.phases, b.phases);
  const parts = partDifferences(a, b);
  const first = phases.find(({ figures }) => figures.length > 0);
  return {
    runIds: [a.runId, b.runId],
    isEqual:
      spec.every(({ key }) => key === 'name') &&
      results.every(({ name }) => name === 'version') &&
      [metrics, phases, parts].every((each) => each.length === 0),
    ...{ spec, results },
    isDigestEqual: a.digest === null || b.digest === null ? null : a.digest === b.digest,
    ...{ metrics, phases, parts },
    firstDifference: first === undefined ? null : { phase: first.index, ...first.figures[0]! },
  };
}

function resultDifferences(a: StoredRun, b: StoredRun): RunDiff['results'] {
  const figures = (run: StoredRun): Readonly<Record<string, string | number | null>> => ({
    version: run.version,
    status: run.status,
    reason: run.exitReason,
    digest: run.digest,
    'pages compared': run.verify?.pagesChecked ?? null,
    mismatches: run.verify?.mismatches ?? null,
    'slot runs': run.slotRuns,
    'virtual ns': run.virtualNs,
  });
  const [ofA, ofB] = [figures(a), figures(b)];
  return Object.entries(ofA).flatMap(([name, value]) => {
    const other = ofB[name] ?? null;
    return value === other ? [] : [{ name, values: [value, other] as const }];
  });
}

function metricDifferences(
  a: readonly MetricRecord[],
  b: readonly MetricRecord[],
): MetricDifference[] {
  const [ofA, ofB] = [a, b].map((records) => new Map(records.map((each) => [each.name, each])));
  return metricOrder([a, b]).flatMap(({ group, name, unit, better }): MetricDifference[] => {
    const [from, to] = [ofA!.get(name)?.value ?? null, ofB!.get(name)?.value ?? null];
    if (from === to) return [];
    const percent = from === null || to === null ? null : changePercent(from, to);
    const isFinite = percent !== null && Number.isFinite(percent);
    const values = [from, to] as const;
    return [{ ...{ group, name, unit, better, values }, percent: isFinite ? percent : null }];
  });
}

function phaseDifferences(a: readonly PhaseRecord[], b: readonly PhaseRecord[]): PhaseDifference[] {
  const count = Math.max(a.length, b.length);
  return Array.from({ length: count }, (_, index) => index).flatMap((index): PhaseDifference[] => {
    const [first, second] = [a[index], b[index]];
    const ops = [first?.op ?? null, second?.op ?? null] as const;
    if (first === undefined || second === undefined) return [{ index, ops, figures: [] }];
    const figures = figureDifferences(phaseFigures(first), phaseFigures(second));
    return figures.length === 0 && ops[0] === ops[1] ? [] : [{ index, ops, figures }];
  });
}

function phaseFigures(phase: PhaseRecord): Readonly<Record<string, number>> {
  const { counters, present, swapped, virtualNs } = phase;
  return { ...counters, present, swapped, virtualNs };
}

/** A counter that a run has not is one that stayed at 0. */
function figureDifferences(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): FigureDifference[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names.flatMap((name) => {
    const values = [a[name] ?? 0, b[name] ?? 0] as const;
    return values[0] === values[1] ? [] : [{ name, values }];
  });
}

function partDifferences(a: StoredRun, b: StoredRun): PartDifference[] {
  const parts = {
    // A temporary area has another path in every run; the spec tells named ones apart.
    areas: (run: StoredRun) => run.areas.map(({ path: _, ...area }) => [`${area.type}`, area]),
    metadata: (run: StoredRun) => run.metadata.map((row) => [row.term, row]),
    histograms: (run: StoredRun) => run.histograms.map((each) => [each.name, each]),
    faults: (run: StoredRun) =>
      run.faultCounts.map((each) => [`${each.kind} ${each.consequence}`, each.count]),
    steering: (run: StoredRun) =>
      run.steering.map(({ area: _, ...each }, index) => [`${index} ${each.action}`, each]),
    events: (run: StoredRun) => run.events.map((each, index) => [`${index} ${each.kind}`, each]),
  } satisfies Record<PartDifference['part'], (run: StoredRun) => unknown[][]>;
  return Object.entries(parts).flatMap(([part, rowsOf]) => {
    const [ofA, ofB] = [a, b].map((run) => new Map(rowsOf(run).map(named)));
    const names = [...new Set([...ofA!.keys(), ...ofB!.keys()])].filter(
      (name) => ofA!.get(name) !== ofB!.get(name),
    );
    return names.length === 0 ? [] : [{ part: part as PartDifference['part'], names }];
  });
}

/** A row with its text, for a map. */
function named([name, row]: readonly unknown[]): [string, string] {
  return [String(name), canonicalJson(JSON.parse(JSON.stringify(row)) as JsonValue)];
}
