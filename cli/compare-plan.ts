/** What a command line of `swaplab compare` asks for, checked before anything runs. */
import { faultMetrics, metricName, metricsOf, type Json } from '../src/machine/index.ts';
import { parseThreshold, requireMetric, type Threshold } from '../src/report/comparison/index.ts';
import { specHash, type JsonValue } from '../src/runs/index.ts';
import { designs } from '../src/swap/index.ts';
import { clipped, nearestNames, UsageError } from '../src/units/index.ts';
import {
  designDifferences,
  makeColumns,
  scenarioDifferences,
  variedDifferences,
  type Column,
  type Differences,
} from './compare-columns.ts';
import { readSeeds, type CompareFlags } from './compare-options.ts';
import { readVary } from './compare-vary.ts';
import { specJson } from './run-options.ts';
import { readScenario, type NamedScenario } from './scenarios.ts';

/** Columns to run. */
export interface ComparePlan {
  readonly columns: readonly PlannedColumn[];
  readonly notes: readonly string[];
  /** Null where designs or settings are compared on a workload of the user's. */
  readonly scenario: NamedScenario | null;
}

export interface PlannedColumn extends Pick<Column, 'label' | 'spec'> {
  /** A run with each. */
  readonly seeds: readonly number[];
}

/** The columns that options make: designs, varied settings, or those of a scenario. */
export function planColumns(flags: CompareFlags, args: readonly string[]): ComparePlan {
  return typeof flags.scenario === 'string'
    ? planScenario(flags.scenario, flags, args)
    : planDesigns(flags, args);
}

function planDesigns(flags: CompareFlags, args: readonly string[]): ComparePlan {
  const settings = flags.vary.map(readVary);
  const twice = settings.find(({ key }, index) =>
    settings.slice(0, index).some((other) => other.key === key),
  );
  if (twice !== undefined) throw new UsageError(`--vary: '${twice.key}' is varied twice`);
  const base = specJson(flags, args, 'compare');
  const isAlone = flags.designs === undefined && settings.length > 0;
  const labels = isAlone ? [designOf(base)] : (flags.designs?.split(',') ?? Object.keys(designs));
  const ofDesigns = designDifferences(labels, base, flags.samePool ?? false);
  const differences =
    settings.length === 0 ? ofDesigns : variedDifferences(ofDesigns, settings, isAlone);
  const where = (label: string): string =>
    settings.length === 0 ? (flags.spec ?? 'compare') : `compare: column '${label}'`;
  const made = makeColumns(base, differences, flags.for, where);
  return { ...made, columns: planned(made.columns, base, differences, flags), scenario: null };
}

/** Of the spec; what is wrong with it is told when the column is made. */
function designOf({ design, revision }: Json): string {
  const name = typeof design === 'string' ? design : 'swap-table';
  return typeof revision === 'string' ? `${name}:${revision}` : name;
}

function planScenario(name: string, flags: CompareFlags, args: readonly string[]): ComparePlan {
  const others = {
    ...{ designs: flags.designs, spec: flags.spec, 'same-pool': flags.samePool },
    vary: flags.vary[0],
  };
  for (const [option, value] of Object.entries(others))
    if (value !== undefined)
      throw new UsageError(`compare: --scenario and --${option} exclude each other`);
  const scenario = readScenario(name);
  const base = specJson(flags, args, 'compare', structuredClone(scenario.spec));
  const differences = scenarioDifferences(scenario, base);
  const where = (label: string): string => `scenario ${name}: column '${label}'`;
  const made = makeColumns(base, differences, flags.for, where);
  // Else they would be those that swapon has made active, on each machine others.
  const open = made.columns.find(({ spec }) => spec.areas.length === 0 && !spec.noAreas);
  if (open !== undefined)
    throw new UsageError(
      `${where(open.label)}: areas: is missing; accepted: areas, or noAreas: true`,
    );
  return { ...made, columns: planned(made.columns, base, differences, flags, scenario), scenario };
}

/** Gives each column its seeds and the name of its runs, which says of what they are a part. */
function planned(
  columns: readonly Column[],
  base: Json,
  differences: Differences,
  flags: CompareFlags,
  scenario: NamedScenario | null = null,
): PlannedColumn[] {
  const given = typeof base['name'] === 'string' ? base['name'] : undefined;
  const prefix = given ?? scenario?.name ?? comparisonName(base, differences);
  return columns.map(({ label, spec, seeds }) => {
    // One that the column set for itself stays.
    const isOwn = spec.name !== undefined && spec.name !== given;
    const name = isOwn ? spec.name : `${prefix}: ${label}`;
    const own = readSeeds(flags, spec.seed) ?? seeds ?? scenario?.seeds ?? [spec.seed];
    return { label, spec: { ...spec, name }, seeds: own };
  });
}

/** The same for the same comparison. */
function comparisonName(base: Json, { columns }: Differences): string {
  const hash = specHash(JSON.parse(JSON.stringify({ base, columns })) as JsonValue);
  return `compare-${hash.slice(0, 8)}`;
}

/** Metrics that a run can have; a design's own gauges are known only when it has run. */
export function knownMetrics(): string[] {
  return [...metricsOf([]), ...faultMetrics].map(metricName);
}

/** What to show and what must not be passed. */
export interface Wishes {
  readonly baseline: number;
  readonly thresholds: readonly Threshold[];
  /** By --metrics. */
  readonly metrics: readonly string[];
}

/**
 * Reads what is said about columns of any kind.
 * @param metrics - names that are accepted
 */
export function readWishes(
  flags: CompareFlags,
  labels: readonly string[],
  metrics: readonly string[],
): Wishes {
  const chosen = flags.metrics.flatMap((list) => list.split(',')).map((name) => name.trim());
  for (const name of chosen) requireMetric(name, metrics, '--metrics');
  const thresholds = flags.failIf.map((text) => parseThreshold(text, metrics, '--fail-if'));
  const change = thresholds.find(({ isPercent }) => isPercent);
  if (change !== undefined && labels.length < 2)
    throw new UsageError(`--fail-if: '${change.text}': there is no other column to compare with`);
  return {
    baseline: baselineOf(flags.baseline, labels),
    thresholds,
    metrics: [...new Set(chosen)],
  };
}

function baselineOf(label: string | undefined, labels: readonly string[]): number {
  if (label === undefined) return 0;
  const index = labels.indexOf(label);
  if (index >= 0) return index;
  const nearest = nearestNames(label, labels, 3).map((each) => `'${each}'`);
  throw new UsageError(
    `--baseline: '${clipped(label)}' is no column; the nearest are ${nearest.join(', ')}`,
  );
}
