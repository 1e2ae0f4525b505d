/**
 * A capture: what a real kernel counted on a trace, and the machine that replays it.
 * @source fixtures/kernel/README.md
 */
import { z } from 'zod';
import { compressors } from '../codec/index.ts';
import { requireFlat, UsageError } from '../units/index.ts';
import { plainLine } from '../workload/index.ts';
import { describeIssues } from './spec.ts';

type Counts = Readonly<Record<string, number>>;

export interface CapturePhase {
  readonly op: string;
  /** Wall time that the operation line took, seconds. */
  readonly elapsed_s?: number | undefined;
  readonly counters: Counts;
  readonly present: number;
  readonly swapped: number;
  readonly zswap?: Counts | null | undefined;
  readonly zram_mm_stat?: string | null | undefined;
}

export interface Capture {
  readonly kernel: string;
  readonly trace: readonly string[];
  readonly limitMiB: number;
  readonly backend: 'file' | 'ssd' | 'zram' | 'zswap-ssd' | 'zswap-file';
  readonly swapMiB: number;
  readonly pageCluster: number;
  readonly zswap: {
    readonly compressor: string;
    readonly maxPoolPercent: number;
    readonly memTotalKiB: number;
    readonly acceptThresholdPercent?: number | undefined;
    readonly shrinkerEnabled?: boolean | undefined;
    readonly cgroupMaxMiB?: number | undefined;
  } | null;
  /** How it was recorded; absent in captures of other recorders. */
  readonly provenance?:
    | {
        readonly cgroup?: number | undefined;
        readonly lruGen?: boolean | undefined;
        readonly rotational?: boolean | null | undefined;
        readonly zramAlgorithm?: string | undefined;
      }
    | undefined;
  /** Pages of the recorder itself in the cgroup, where it was measured. */
  readonly reservedPages?: number | undefined;
  /** File pages in the cgroup at the start. */
  readonly filePages?: number | undefined;
  readonly swappiness?: number | undefined;
  readonly runs: readonly CaptureRun[];
}

export interface CaptureRun {
  readonly phases: readonly CapturePhase[];
  readonly slots?: readonly (readonly [number, number, number, number])[] | undefined;
  readonly slotRuns?: number | undefined;
  /**
   * When the kernel's worker flushed cgroup statistics: seconds from the start of the first
   * operation, ascending, negative before it.
   */
  readonly flushes_s?: readonly number[] | undefined;
}

/** 1 TiB: what an area can have at most. */
const MIB_MAX = 2 ** 20;

const counts = z.record(z.string(), z.number());

const phaseSchema = z.object({
  op: z.string(),
  elapsed_s: z.number().nonnegative().optional(),
  counters: counts,
  present: z.number(),
  swapped: z.number(),
  zswap: counts.nullish(),
  zram_mm_stat: z
    .string()
    .regex(/^\s*\d+(\s+\d+)+\s*$/, 'numbers apart by blanks')
    .nullish(),
});

const captureSchema: z.ZodType<Capture> = z.object({
  kernel: z.string(),
  trace: z.array(z.string()).min(1),
  limitMiB: z.number().int().min(1).max(MIB_MAX),
  backend: z.enum(['file', 'ssd', 'zram', 'zswap-ssd', 'zswap-file']),
  swapMiB: z.number().int().min(1).max(MIB_MAX),
  pageCluster: z.number().int().min(0).max(16),
  zswap: z
    .object({
      compressor: z.enum(Object.keys(compressors) as [string, ...string[]]),
      maxPoolPercent: z.number(),
      memTotalKiB: z.number(),
      acceptThresholdPercent: z.number().optional(),
      shrinkerEnabled: z.boolean().optional(),
      cgroupMaxMiB: z.number().optional(),
    })
    .nullable(),
  provenance: z
    .object({
      cgroup: z.number().optional(),
      lruGen: z.boolean().optional(),
      rotational: z.boolean().nullish(),
      zramAlgorithm: z.string().optional(),
    })
    .optional(),
  reservedPages: z.number().int().nonnegative().optional(),
  filePages: z.number().int().nonnegative().optional(),
  swappiness: z.number().int().min(0).max(200).optional(),
  runs: z
    .array(
      z.object({
        phases: z.array(phaseSchema).min(1),
        slots: z.array(z.tuple([z.number(), z.number(), z.number(), z.number()])).optional(),
        slotRuns: z.number().optional(),
        flushes_s: z.array(z.number()).optional(),
      }),
    )
    .min(1),
});

/**
 * Checks parsed JSON against the form of a capture.
 * @throws UsageError that names the key
 */
export function parseCapture(json: unknown, where: string): Capture {
  requireFlat(json, where);
  const parsed = captureSchema.safeParse(json);
  if (!parsed.success)
    throw new UsageError(`${where}: no capture: ${describeIssues(parsed.error, json)}`);
  const problem = contradiction(parsed.data);
  if (problem !== null) throw new UsageError(`${where}: no capture: ${problem}`);
  return parsed.data;
}

/** What no schema sees: parts of a capture that do not fit each other; null when all do. */
function contradiction({ backend, zswap, trace, runs }: Capture): string | null {
  if (backend.startsWith('zswap') !== (zswap !== null))
    return `zswap: ${zswap === null ? 'is null' : 'is there'}, but backend is '${backend}'`;
  const operations = trace
    .map(plainLine)
    .filter((line) => line !== '' && !line.startsWith('pages '));
  for (const [index, { phases }] of runs.entries()) {
    if (phases.length !== operations.length)
      return `runs.${index}.phases: ${phases.length} for the ${operations.length} operations of trace`;
    const stranger = phases.findIndex(({ op }, at) => op !== operations[at]);
    if (stranger >= 0)
      return (
        `runs.${index}.phases.${stranger}.op: '${phases[stranger]!.op}' ` +
        `where trace has '${operations[stranger]!}'`
      );
  }
  return null;
}

/** The version of its cgroup; 1 unless it says 2, or limits zswap as only 2 can. */
export function cgroupVersionOf({ zswap, provenance }: Capture): 1 | 2 {
  return provenance?.cgroup === 2 || zswap?.cgroupMaxMiB !== undefined ? 2 : 1;
}

/** What a capture was recorded with and a replay does not model: its cells may differ by that. */
export function notModelled({ zswap, provenance }: Capture): string[] {
  const found: string[] = [];
  if (zswap?.shrinkerEnabled === true && provenance?.cgroup === undefined)
    found.push("zswap's dynamic shrinker (shrinkerEnabled) under an unknown version of cgroups");
  if (provenance?.lruGen === true) found.push('reclaim by generations (lruGen)');
  const { zramAlgorithm } = provenance ?? {};
  if (zramAlgorithm !== undefined && zramAlgorithm !== 'lz4')
    found.push(`${zramAlgorithm} in zram; lz4 stands for it`);
  return found;
}
