/**
 * What fio measured, out of its JSON: the jobs that read or wrote blocks of one size at one depth.
 *
 * Taken are fio 2 (latencies in us under `clat`) and fio 3 (ns, `clat_ns`), `json` and `json+`, text
 * around the document (`fio: …` lines, other formats of the same run) and of several documents
 * (--status-interval) the last. Left out are jobs of several processes, mixed and trimming ones.
 *
 * @source fio 3.36 stat.c add_ddir_status_json, add_ddir_lat_json, json_add_job_opts
 */
import { z } from 'zod';
import { clipped, requireFlat, UsageError } from '../../units/index.ts';

export interface FioDocument {
  /** `fio 3.33`. */
  readonly version: string;
  readonly jobs: readonly FioJob[];
}

/** One job's work in its one direction. */
export interface FioJob {
  readonly name: string;
  readonly direction: 'read' | 'write';
  readonly isRandom: boolean;
  readonly blockBytes: number;
  /** I/Os in flight; 1 with an engine that waits for each. */
  readonly depth: number;
  readonly iops: number;
  readonly bytesPerSecond: number;
  /** From submission to completion; of a job that recorded no `clat`, the whole (`lat`). */
  readonly latency: FioLatency;
}

export interface FioLatency {
  readonly key: 'clat' | 'lat';
  readonly meanNs: number;
  readonly count: number;
  /** Of the same latency, or of `lat` where only that has them (`lat_percentiles=1`). */
  readonly percentilesKey: 'clat' | 'lat';
  /** By rising rank, percent; empty where the job has none. */
  readonly percentiles: readonly { readonly rank: number; readonly ns: number }[];
}

const latencySchema = z.looseObject({
  mean: z.number().nonnegative(),
  /** fio 3. */
  N: z.number().optional(),
  percentile: z.record(z.string(), z.number()).optional(),
});
type Latency = z.infer<typeof latencySchema>;

const directionSchema = z.looseObject({
  iops: z.number().nonnegative(),
  total_ios: z.number().optional(),
  bw_bytes: z.number().optional(),
  bw: z.number().optional(),
  clat_ns: latencySchema.optional(),
  lat_ns: latencySchema.optional(),
  clat: latencySchema.optional(),
  lat: latencySchema.optional(),
});
type Direction = z.infer<typeof directionSchema>;

const optionsSchema = z.record(z.string(), z.string()).default({});

const documentSchema = z.looseObject({
  'fio version': z.string(),
  'global options': optionsSchema,
  jobs: z.array(
    z.looseObject({
      jobname: z.string(),
      error: z.number().default(0),
      'job options': optionsSchema,
      read: directionSchema,
      write: directionSchema,
    }),
  ),
});

/** Engines that have one I/O in flight, whatever `iodepth` says. @source fio HOWTO, ioengine */
const WAITING_ENGINES: readonly string[] = ['sync', 'psync', 'vsync', 'pvsync', 'pvsync2', 'mmap'];

/**
 * @param where - the file to name in errors
 * @throws UsageError for what is no JSON of fio's, and for jobs that failed or measured the page cache
 */
export function parseFio(text: string, where: string): FioDocument {
  const json = lastDocument(text, where);
  requireFlat(json, where);
  const parsed = documentSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(
      `${where}: no JSON of fio's: ${issue!.path.map(String).join('.') || 'the document'}: ` +
        `${issue!.message}; accepted: what \`fio --output-format=json\` writes`,
    );
  }
  const { 'fio version': version, 'global options': global, jobs } = parsed.data;
  return {
    version: version.replace(/^fio-/, 'fio '),
    jobs: jobs.flatMap(({ jobname, error, 'job options': own, ...measured }): FioJob[] => {
      if (error !== 0)
        throw new UsageError(
          `${where}: job ${clipped(jobname)} failed (error ${error}): run it again`,
        );
      const job = describeJob(jobname, { ...global, ...own }, where);
      return job === null ? [] : [{ ...job, ...measurementsOf(job, measured, where) }];
    }),
  };
}

/** The last JSON document of what fio wrote, whatever stands around it. */
function lastDocument(text: string, where: string): unknown {
  const lines = text.split('\n');
  const start = lines.lastIndexOf('{');
  const end = lines.lastIndexOf('}');
  // As fio prints it, a document begins and ends with a line of one brace.
  const body = start >= 0 && end > start ? lines.slice(start, end + 1).join('\n') : text;
  try {
    return JSON.parse(body) as unknown;
  } catch (error) {
    throw new UsageError(
      `${where}: no JSON of fio's: ${clipped((error as Error).message)}; accepted: what ` +
        '`fio --output-format=json` writes',
    );
  }
}

type Shape = Omit<FioJob, 'iops' | 'bytesPerSecond' | 'latency'>;

/** What a job did, by its options; null where it is none of those that are looked at. */
function describeJob(
  name: string,
  options: Readonly<Record<string, string>>,
  where: string,
): Shape | null {
  const kind = /^(rand)?(read|write)(:\d+)?$/.exec(options['rw'] ?? options['readwrite'] ?? 'read');
  const blockBytes = blockSize(options['bs'] ?? options['blocksize'] ?? '4k');
  if (kind === null || blockBytes === null || Number(options['numjobs'] ?? 1) !== 1) return null;
  if (!isOn(options['direct']) && options['buffered'] !== '0')
    throw new UsageError(
      `${where}: job ${clipped(name)} was not run with direct=1: it measured the page cache`,
    );
  const isWaiting = WAITING_ENGINES.includes(options['ioengine'] ?? 'psync');
  return {
    name,
    direction: kind[2] as FioJob['direction'],
    isRandom: kind[1] !== undefined,
    blockBytes,
    depth: isWaiting ? 1 : Number(options['iodepth'] ?? 1),
  };
}

/** A switch is on when it has no value, too. */
function isOn(value: string | undefined): boolean {
  return value === '' || value === '1';
}

/** `4k`, `4096`, `4KiB`, `4k,4k`; null for ranges and for reads and writes that differ. */
function blockSize(text: string): number | null {
  const [first = '', ...others] = text.split(',');
  if (others.some((other) => other !== '' && other !== first)) return null;
  const match = /^(\d+)([km]?)(i?b)?$/i.exec(first);
  if (match === null) return null;
  return Number(match[1]) * { '': 1, k: 1024, m: 1024 ** 2 }[match[2]!.toLowerCase()]!;
}

function measurementsOf(
  { name, direction: which }: Shape,
  measured: { readonly read: Direction; readonly write: Direction },
  where: string,
): Pick<FioJob, 'iops' | 'bytesPerSecond' | 'latency'> {
  const direction = measured[which];
  const missing = (key: string): never => {
    throw new UsageError(`${where}: job ${clipped(name)}: ${which}.${key} is missing or 0`);
  };
  const { iops } = direction;
  if (iops === 0) missing('iops');
  const bytesPerSecond = direction.bw_bytes ?? (direction.bw ?? missing('bw_bytes')) * 1024;
  if (bytesPerSecond === 0) missing('bw_bytes');
  const latency = latencyOf(direction) ?? missing('clat_ns.mean');
  return { iops, bytesPerSecond, latency };
}

/** The first latency that the job has recorded, with the first percentiles; null for none. */
function latencyOf({ total_ios: ios, ...direction }: Direction): FioLatency | null {
  const kinds: readonly (readonly ['clat' | 'lat', Latency | undefined, number])[] = [
    ['clat', direction.clat_ns, 1],
    ['clat', direction.clat, 1000],
    ['lat', direction.lat_ns, 1],
    ['lat', direction.lat, 1000],
  ];
  const recorded = kinds.flatMap(([key, latency, nsPerUnit]) => {
    if (latency === undefined || latency.mean === 0) return [];
    const percentiles = Object.entries(latency.percentile ?? {})
      .map(([rank, value]) => ({ rank: Number(rank), ns: value * nsPerUnit }))
      .sort((a, b) => a.rank - b.rank);
    const count = latency.N ?? ios ?? 0;
    return [{ key, meanNs: latency.mean * nsPerUnit, count, percentiles }];
  });
  const [first] = recorded;
  if (first === undefined) return null;
  const ranked = recorded.find(({ percentiles }) => percentiles.length > 0) ?? first;
  return { ...first, percentilesKey: ranked.key, percentiles: ranked.percentiles };
}
