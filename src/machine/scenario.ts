/**
 * A scenario: one question about swap as a ready experiment. A base spec, columns that each set some
 * of its keys, the metrics to look at, and claims that the table must bear out. Columns differ by keys
 * of any kind: the design, a setting of zswap, the areas.
 */
import { z } from 'zod';
import { clipped, nearestNames, requireFlat, UsageError } from '../units/index.ts';
import { metricName, metricsOf } from './metrics.ts';
import { describeIssues } from './spec.ts';

/** One column: keys of the spec, dots between their parts, and their values. */
export interface ScenarioColumn {
  readonly label: string;
  readonly set: Readonly<Record<string, unknown>>;
  /** As those of the scenario, for this column. */
  readonly seeds?: readonly number[] | undefined;
}

/** What the table must show: a metric of one column against another column's or a number. */
export interface Claim {
  /** In words, for people. */
  readonly says: string;
  readonly metric: string;
  readonly column: string;
  readonly relation: 'at most' | 'at least';
  /** The other column, whose value times `factor` is the limit. */
  readonly of?: string | undefined;
  /** Absent: 1. */
  readonly factor?: number | undefined;
  /** The limit itself, where there is no other column. */
  readonly number?: number | undefined;
}

export interface Scenario {
  readonly title: string;
  readonly question: string;
  readonly columns: readonly ScenarioColumn[];
  /** What the columns have in common: a spec, unchecked until a column's keys are in it. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** A run of each column with each of them; absent: one run, with the seed of the spec. */
  readonly seeds?: readonly number[] | undefined;
  /** By their full names (`metricName`), in the order of the table; none: all. */
  readonly metrics: readonly string[];
  readonly claims: readonly Claim[];
}

/** A claim with the two numbers that decide it. */
export interface Verdict {
  readonly claim: Claim;
  /** Null where the run has no such value; then the claim does not hold. */
  readonly value: number | null;
  readonly limit: number | null;
  readonly holds: boolean;
}

// A column's name stands in one line of a table.
const labelSchema = z.string().regex(/^\P{Cc}{1,80}$/u, {
  error: 'expected 1 to 80 characters on one line',
});

/** Runs of one column. assumed */
const SEED_COUNT_MAX = 1000;
const seedsSchema = z
  .array(z.number().int().min(0).max(0xffffffff))
  .min(1)
  .max(SEED_COUNT_MAX)
  .refine((seeds) => new Set(seeds).size === seeds.length, { error: 'expected no seed twice' })
  .optional();

/** A table of more is not one that people read. assumed */
const COLUMN_COUNT_MAX = 256;

const columnSchema: z.ZodType<ScenarioColumn> = z.strictObject({
  label: labelSchema,
  set: z.record(z.string().min(1), z.unknown()),
  seeds: seedsSchema,
});

const claimSchema: z.ZodType<Claim> = z
  .strictObject({
    says: z.string().min(1),
    metric: z.string(),
    column: z.string(),
    relation: z.enum(['at most', 'at least']),
    of: z.string().optional(),
    factor: z.number().positive().optional(),
    number: z.number().optional(),
  })
  .refine(({ of, number }) => (of === undefined) !== (number === undefined), {
    error: 'expected either of: COLUMN (with a factor) or number: N',
  })
  .refine(({ of, factor }) => of !== undefined || factor === undefined, {
    error: 'a factor belongs to of: COLUMN',
  });

const scenarioSchema: z.ZodType<Scenario> = z.strictObject({
  title: z.string().min(1),
  question: z.string().min(1),
  columns: z.array(columnSchema).min(1).max(COLUMN_COUNT_MAX),
  spec: z.record(z.string(), z.unknown()),
  seeds: seedsSchema,
  metrics: z.array(z.string()).default([]),
  claims: z.array(claimSchema).default([]),
});

/**
 * Checks a scenario, but for its specs, which need a column each.
 * @param json - parsed JSON
 * @param where - file to name in the error
 * @throws UsageError that names the key, the value and what is accepted
 */
export function parseScenario(json: unknown, where: string): Scenario {
  requireFlat(json, where);
  const parsed = scenarioSchema.safeParse(json);
  if (!parsed.success) throw new UsageError(`${where}: ${describeIssues(parsed.error, json)}`);
  const scenario = parsed.data;
  const labels = scenario.columns.map(({ label }) => label);
  const seen = new Set<string>();
  const twice = labels.find((label) => seen.size === seen.add(label).size);
  if (twice !== undefined) throw new UsageError(`${where}: columns: two are called '${twice}'`);
  // A design's own gauges are not among them: they are known only when it has run.
  const metrics = metricsOf([]).map(metricName);
  const requireMetric = (name: string, key: string): void => {
    if (metrics.includes(name)) return;
    throw new UsageError(
      `${where}: ${key}: '${clipped(name)}' is no metric; the nearest are ` +
        nearestNames(name, metrics, 4).join(', '),
    );
  };
  const requireColumn = (name: string, key: string): void => {
    if (labels.includes(name)) return;
    throw new UsageError(
      `${where}: ${key}: '${clipped(name)}' is no column; accepted: ${labels.join(', ')}`,
    );
  };
  for (const [index, name] of scenario.metrics.entries()) requireMetric(name, `metrics.${index}`);
  for (const [index, claim] of scenario.claims.entries()) {
    requireMetric(claim.metric, `claims.${index}.metric`);
    requireColumn(claim.column, `claims.${index}.column`);
    if (claim.of !== undefined) requireColumn(claim.of, `claims.${index}.of`);
  }
  return scenario;
}

/**
 * Which of the scenario's claims its runs bear out.
 * @param valueOf - a metric of a column: the median of its runs; null where they have none
 */
export function judgeClaims(
  { claims }: Pick<Scenario, 'claims'>,
  valueOf: (metric: string, column: string) => number | null,
): Verdict[] {
  return claims.map((claim) => {
    const value = valueOf(claim.metric, claim.column);
    const other = claim.of === undefined ? claim.number! : valueOf(claim.metric, claim.of);
    const limit = other === null ? null : other * (claim.factor ?? 1);
    return { claim, value, limit, holds: isWithin(value, claim.relation, limit) };
  });
}

function isWithin(
  value: number | null,
  relation: Claim['relation'],
  limit: number | null,
): boolean {
  if (value === null || limit === null) return false;
  switch (relation) {
    case 'at most':
      return value <= limit;
    case 'at least':
      return value >= limit;
  }
}
