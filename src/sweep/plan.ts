/**
 * The plan of a sweep: one spec, and a line for each run with what it sets in it and the id by which
 * its run is known. All that run, merge and ask about a sweep have in common is this file; what comes
 * of it depends neither on how many shards there are nor on where they run.
 *
 * As text it is NDJSON: a header, then a line for each run.
 */
import { z } from 'zod';
import { describeIssues, parseSpec, putAt, type Json, type RunSpec } from '../machine/index.ts';
import { clipped, requireFlat, UsageError } from '../units/index.ts';
import type { Settings } from './expand.ts';
import { runIds, type RunIds } from './run-id.ts';

export interface PlanLine {
  /** From 1, ascending. */
  readonly index: number;
  /** 64 hex digits (`runIds`). */
  readonly id: string;
  readonly set: Settings;
}

export interface Plan {
  readonly name: string;
  /** Of the swaplab that made it, which is the only one that runs it: others may count otherwise. */
  readonly version: string;
  /** What all runs share, unchecked. */
  readonly base: Json;
  readonly lines: readonly PlanLine[];
}

/** Number of the form of plans. */
const PLAN_FORM = 1;

const headerSchema = z.strictObject({
  plan: z.literal(PLAN_FORM),
  version: z.string().min(1),
  name: z.string(),
  /** How many lines follow: a plan that was cut at the end of one would pass for a whole one. */
  runs: z.number().int().min(1),
  base: z.record(z.string(), z.unknown()),
});

const lineSchema: z.ZodType<PlanLine> = z.strictObject({
  index: z.number().int().min(1),
  id: z.string().regex(/^[0-9a-f]{64}$/, { error: 'expected 64 hex digits' }),
  set: z.record(z.string(), z.unknown()),
});

/** A plan with what people should know of how it was made. */
export interface MadePlan {
  readonly plan: Plan;
  /** Settings that came to a run that is in the plan already. */
  readonly duplicateCount: number;
}

/**
 * Makes a plan; the spec of every run is checked.
 * @param settings - of each run
 * @param checkWorkload - throws a UsageError for a workload that cannot run; asked once for each that
 *   differs from the one before
 * @throws UsageError that names the settings of the run it is about
 */
export function makePlan(
  header: Omit<Plan, 'lines'>,
  settings: readonly Settings[],
  checkWorkload: (spec: RunSpec) => void,
): MadePlan {
  const idOf = runIds(header.version);
  const lines = new Map<string, PlanLine>();
  let checked: RunSpec | null = null;
  for (const set of settings) {
    const index = lines.size + 1;
    const where = `run ${index} (${settingsText(set)})`;
    const spec = specOf(header, { index, set }, where);
    requireNoFiles(spec, where);
    if (checked === null || !haveSameWorkload(checked, spec)) checkWorkload(spec);
    checked = spec;
    const id = idOf(spec);
    if (!lines.has(id)) lines.set(id, { index, id, set });
  }
  const plan = { ...header, lines: [...lines.values()] };
  return { plan, duplicateCount: settings.length - plan.lines.length };
}

/** Compares traces, which may be megabytes, and are one text in all specs of a plan, as they are. */
function haveSameWorkload(a: RunSpec, b: RunSpec): boolean {
  if ('trace' in a.workload && 'trace' in b.workload)
    return a.workload.trace === b.workload.trace && a.workload.source === b.workload.source;
  // The seed decides what a named workload does, not what a trace holds.
  const isNamed = 'name' in a.workload;
  return (
    JSON.stringify(a.workload) === JSON.stringify(b.workload) && (!isNamed || a.seed === b.seed)
  );
}

/** A path, or the areas that are active, would be others on each machine. */
function requireNoFiles(spec: RunSpec, where: string): void {
  const content = 'trace' in spec.workload ? spec.workload.content : undefined;
  if (content !== undefined)
    throw new UsageError(
      `${where}: workload.content: ${clipped(content)} is a file of one machine, and no part of what ` +
        'a run is known by; accepted in a sweep: traces without pages of a file',
    );
  const named = spec.areas.find(({ path }) => path !== undefined);
  if (named !== undefined)
    throw new UsageError(
      `${where}: areas: ${clipped(named.path!)} is a file of one machine; accepted in a sweep: ` +
        'temporary areas, by their size (--swap SIZE)',
    );
  if (spec.areas.length === 0 && !spec.noAreas)
    throw new UsageError(
      `${where}: areas: without any those count that are active, on each machine others; accepted ` +
        'in a sweep: temporary areas, by their size (--swap SIZE), or noAreas: true (--swap none)',
    );
}

/** The spec of a line of a plan. */
function specOf(
  { name, base }: Pick<Plan, 'name' | 'base'>,
  { index, set }: Pick<PlanLine, 'index' | 'set'>,
  where: string,
): RunSpec {
  const json = copied(base) as Json;
  for (const [key, value] of Object.entries(set)) putAt(json, key, copied(value));
  json['name'] = `${name}/${index}`;
  return parseSpec(json, where);
}

/** What `putAt` may change is copied; texts, a trace of megabytes among them, are shared. */
function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, copied(member)]));
}

/** Settings for people: `design=vswap, zswap.maxPoolPercent=20`. */
export function settingsText(set: Settings): string {
  const parts = Object.entries(set).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return parts.length === 0 ? 'as the spec is' : clipped(parts.join(', '));
}

/** The plan as a file holds it. */
export function planText({ name, version, base, lines }: Plan): string {
  const header = { plan: PLAN_FORM, version, name, runs: lines.length, base };
  return [header, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/**
 * Reads a plan. The specs of its lines are checked when they are asked for (`PlanSpecs`).
 * @param where - file to name in errors
 * @throws UsageError that names the line
 */
export function parsePlan(text: string, where: string): Plan {
  const rows = text.split('\n');
  while (rows.at(-1)?.trim() === '') rows.pop();
  const [first = '', ...rest] = rows;
  const { plan: _, runs, ...header } = parseRow(first, headerSchema, `${where}: line 1`);
  const lines = rest.map((row, at) => parseRow(row, lineSchema, `${where}: line ${at + 2}`));
  const seen = new Set<string>();
  for (const [at, { index, id }] of lines.entries()) {
    const line = `${where}: line ${at + 2}`;
    if (index <= (lines[at - 1]?.index ?? 0))
      throw new UsageError(`${line}: index: ${index} is not above that of the line before`);
    if (seen.has(id)) throw new UsageError(`${line}: id: the run is in the plan already`);
    seen.add(id);
  }
  if (lines.length !== runs)
    throw new UsageError(
      `${where}: its first line says ${runs} runs, ${lines.length} follow; make it again with ` +
        'swaplab sweep plan',
    );
  return { ...header, lines };
}

function parseRow<T>(row: string, schema: z.ZodType<T>, where: string): T {
  let json: unknown;
  try {
    json = JSON.parse(row);
  } catch (error) {
    throw new UsageError(
      `${where} is no JSON (a plan is what sweep plan writes): ${(error as Error).message}`,
    );
  }
  requireFlat(json, where);
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new UsageError(`${where}: ${describeIssues(parsed.error, json)}`);
  return parsed.data;
}

/** @throws UsageError where another swaplab made the plan: its runs may come to other numbers */
export function requireVersion(plan: Plan, version: string, where: string): void {
  if (plan.version === version) return;
  throw new UsageError(
    `${where}: made by swaplab ${plan.version}, this is ${version}, whose runs may come to other ` +
      'numbers; run it with that version, or make the plan again with swaplab sweep plan',
  );
}

/** The specs of a plan's lines. */
export class PlanSpecs {
  readonly #plan: Plan;
  readonly #where: string;
  readonly #idOf: RunIds;

  /** @param where - file of the plan, to name in errors */
  constructor(plan: Plan, where: string) {
    this.#plan = plan;
    this.#where = where;
    this.#idOf = runIds(plan.version);
  }

  /** @throws UsageError for a line that was changed: its id is that of another spec */
  get(line: PlanLine): RunSpec {
    const where = `${this.#where}: run ${line.index}`;
    const spec = specOf(this.#plan, line, where);
    requireNoFiles(spec, where);
    if (this.#idOf(spec) !== line.id)
      throw new UsageError(
        `${where}: its id is not that of its spec: the plan was changed after sweep plan made it`,
      );
    return spec;
  }
}
