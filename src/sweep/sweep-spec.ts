/**
 * What a sweep is, as people write it: a spec that all runs share, and what they differ by. Parts that
 * are given multiply: each entry of the list, with each point of the grid, with each sample of the
 * Latin hypercube, with each seed.
 */
import { z } from 'zod';
import { describeIssues, requireSpecKey, type Json } from '../machine/index.ts';
import { clipped, requireFlat, UsageError } from '../units/index.ts';

/** A stretch that a Latin hypercube samples: whole numbers, or sizes such as "64M". */
export interface SampledRange {
  readonly from: number | string;
  readonly to: number | string;
  /** Even steps, or even ratios. */
  readonly scale: 'linear' | 'log';
  /** Values are `from` and whole steps more; absent: 1, of sizes a page. */
  readonly step?: number | string | undefined;
}

export interface LatinHypercube {
  readonly samples: number;
  readonly seed: number;
  readonly keys: Readonly<Record<string, SampledRange | readonly unknown[]>>;
}

export interface SweepSpec {
  /** What the sweep is called; no part of what its runs are. */
  readonly name: string;
  /** Unchecked: what a run adds may be missing in it. */
  readonly spec: Json;
  /** A trace file, as it stands in the text. */
  readonly trace?: string | undefined;
  readonly grid: Readonly<Record<string, readonly unknown[]>>;
  /** Empty: one entry that sets nothing. */
  readonly list: readonly Readonly<Record<string, unknown>>[];
  readonly latinHypercube?: LatinHypercube | undefined;
  /** Null: the one of the spec. */
  readonly seeds: readonly number[] | null;
}

/** Runs of one sweep. assumed: a plan of so many lines takes minutes to check */
export const RUNS_MAX = 100_000;

const MAX_SEED = 0xffffffff;
const seed = z.number().int().min(0).max(MAX_SEED);
const size = z.union([z.number().int().min(0), z.string()], {
  error: 'expected a whole number or a size such as "64M"',
});
const values = z.array(z.unknown()).min(1);

const rangeSchema: z.ZodType<SampledRange> = z.strictObject({
  from: size,
  to: size,
  scale: z.enum(['linear', 'log']).default('linear'),
  step: size.optional(),
});

const hypercubeSchema: z.ZodType<LatinHypercube> = z.strictObject({
  samples: z.number().int().min(1).max(RUNS_MAX),
  seed: seed.default(1),
  keys: z.record(
    z.string(),
    z.union([values, rangeSchema], {
      error: 'expected [values] or {"from": A, "to": B, "scale": "linear" or "log", "step": C}',
    }),
  ),
});

const seedsSchema = z.union(
  [
    z.array(seed).min(1).max(RUNS_MAX),
    z
      .strictObject({ from: seed.default(1), count: z.number().int().min(1).max(RUNS_MAX) })
      .refine(({ from, count }) => from + count - 1 <= MAX_SEED)
      .transform(({ from, count }) => Array.from({ length: count }, (_, index) => from + index)),
  ],
  { error: `expected [seeds] or {"from": SEED, "count": N}, seeds from 0 to ${MAX_SEED}` },
);

const sweepSchema: z.ZodType<SweepSpec> = z.strictObject({
  // It stands in names of runs and in one line of a table.
  name: z.string().regex(/^\P{Cc}{1,80}$/u, { error: 'expected 1 to 80 characters on one line' }),
  spec: z.record(z.string(), z.unknown()).default({}),
  trace: z.string().min(1).optional(),
  grid: z.record(z.string(), values).default({}),
  list: z.array(z.record(z.string(), z.unknown())).default([]),
  latinHypercube: hypercubeSchema.optional(),
  seeds: seedsSchema.nullable().default(null),
});

/**
 * Checks a sweep, but for the specs of its runs.
 * @param json - parsed JSON
 * @param where - file to name in the error
 * @throws UsageError that names the key, the value and what is accepted
 */
export function parseSweep(json: unknown, where: string): SweepSpec {
  requireFlat(json, where);
  const parsed = sweepSchema.safeParse(json);
  if (!parsed.success) {
    const schema = (): unknown => z.toJSONSchema(sweepSchema, { io: 'input' });
    throw new UsageError(`${where}: ${describeIssues(parsed.error, json, schema)}`);
  }
  const sweep = parsed.data;
  checkKeys(sweep, where);
  checkTwice(sweep.seeds ?? [], `${where}: seeds`);
  for (const [key, each] of Object.entries(sweep.grid))
    checkTwice(each, `${where}: grid: '${key}'`);
  return sweep;
}

/** Every key is one of a spec, and set by one part only. */
function checkKeys(sweep: SweepSpec, where: string): void {
  const parts: Readonly<Record<string, readonly string[]>> = {
    list: [...new Set(sweep.list.flatMap((entry) => Object.keys(entry)))],
    grid: Object.keys(sweep.grid),
    latinHypercube: Object.keys(sweep.latinHypercube?.keys ?? {}),
    seeds: sweep.seeds === null ? [] : ['seed'],
  };
  const partOf = new Map<string, string>();
  for (const [part, keys] of Object.entries(parts))
    for (const key of keys) {
      if (key === 'name')
        throw new UsageError(
          `${where}: ${part}: 'name' is only what a run is called; it is not varied`,
        );
      requireSpecKey(key, `${where}: ${part}`);
      const other = partOf.get(key);
      if (other !== undefined)
        throw new UsageError(`${where}: '${clipped(key)}' is set by ${other} and by ${part}`);
      partOf.set(key, part);
    }
  requireApart([...partOf.keys()], where);
}

/** Of a key and one inside of it the later would undo the earlier. */
function requireApart(keys: readonly string[], where: string): void {
  for (const outer of keys)
    for (const inner of keys)
      if (inner.startsWith(`${outer}.`))
        throw new UsageError(
          `${where}: '${clipped(outer)}' sets all of it and '${clipped(inner)}' a part; accepted: one of them`,
        );
}

function checkTwice(list: readonly unknown[], where: string): void {
  const texts = list.map((value) => JSON.stringify(value));
  const seen = new Set<string>();
  const twice = texts.find((text) => seen.size === seen.add(text).size);
  if (twice !== undefined) throw new UsageError(`${where} has ${clipped(twice)} twice`);
}
