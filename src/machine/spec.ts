/**
 * The spec of a run: everything that decides its outcome, checked with a schema. A run
 * stores its fully resolved spec; equal specs give equal digests.
 */
import { z } from 'zod';
import {
  clipped,
  didYouMean,
  MAX_SWAPFILES,
  PAGE_SIZE,
  parseSize,
  requireFlat,
  UsageError,
} from '../units/index.ts';
import { compressorChoices, compressors } from '../codec/index.ts';
import {
  COMPRESSED_FORMS,
  isEraseBlock,
  deviceChoiceSchema,
  parseDrive,
  parseFaultRule,
  type CompressedForm,
  type DeviceChoice,
  type Drive,
} from '../device/index.ts';
import { CHAIN_SIZE_MAX, CHAIN_SIZE_MIN, pools } from '../pool/index.ts';
import { PER_CPU_CLUSTER, type PerCpuCluster } from '../slots/index.ts';
import { chooseDesign, designs, SAME_FILLED, type SameFilled } from '../swap/index.ts';
import { generations, type ZswapVersion } from '../zswap/index.ts';

/** Cgroups of a machine: assumed; a task has one, and a trace has at most 256 tasks. */
const CGROUP_COUNT_MAX = 256;

/** A size in a spec: bytes, or text such as "512M". */
const size = z.union([z.number().int().nonnegative(), z.string()]);

function oneOf(
  names: Readonly<Record<string, unknown>>,
  explain?: (name: unknown) => string,
): z.ZodType<string> {
  const params = explain && { error: ({ input }: { readonly input?: unknown }) => explain(input) };
  return z.enum(Object.keys(names) as [string, ...string[]], params);
}

/** One swap area: a file that mkswap made, or a temporary one of `size`. */
export interface AreaSpec {
  readonly path?: string | undefined;
  readonly size?: number | string | undefined;
  readonly ghost: boolean;
  /** 0 to 32767; absent: the kernel's rule. */
  readonly priority?: number | undefined;
  /** Device profile, of a zram that of its backing device; absent: the run's. */
  readonly device?: DeviceChoice | undefined;
  /** The area is a zram of `size`, which has no file. */
  readonly zram?: ZramSpec | undefined;
  /** A 64-bit checksum per slot, kept in memory and verified at every read. */
  readonly checksum: boolean;
  /** RAM in which writes collect until they are an erase block of this size. */
  readonly buffer?: number | string | undefined;
  /** False: the machine starts without it, until its `swapon`. */
  readonly on: boolean;
  /** A symbolic link in the last component of `path` is refused; absent: it is followed. */
  readonly noFollow?: boolean | undefined;
}

/** One of several memory cgroups, siblings of each other. */
export interface CgroupSpec {
  readonly name: string;
  /** Hard limit (memory.max). */
  readonly memory: number | string;
  /** Numbers of the workload's tasks, from 0 on. */
  readonly tasks: readonly number[];
  /** Memory that something else in the cgroup holds. */
  readonly reserved: number | string;
  /** How many of the reserved pages are file pages. */
  readonly filePages: number;
  /** memory.zswap.max, or `max`. */
  readonly zswapMax?: number | string | undefined;
  /** memory.zswap.writeback. */
  readonly zswapWriteback: boolean;
}

/** How a zram is set up before it is given its size. */
export interface ZramSpec {
  readonly compressor: string;
  /** For recompression, by priority from 1. */
  readonly recompress: readonly string[];
  /** mem_limit; 0: none. */
  readonly memLimit: number | string;
  /** Size of a temporary backing device; absent: none. */
  readonly backing?: number | string | undefined;
  /** writeback_batch_size. */
  readonly writebackBatch: number;
  /** compressed_writeback. */
  readonly compressedWriteback: boolean;
}

export interface MachineSpec {
  /**
   * Version of the cgroups: under 2 zswap's compressed bytes are charged to the cgroup's memory, and
   * there are memory.zswap.{max,writeback} and a shrinker that finds something. Absent: 2 where one
   * of these is asked for, otherwise 1.
   */
  readonly cgroupVersion?: 1 | 2 | undefined;
  /** The machine's memory, of which zswap's pool takes a percentage. */
  readonly ram: number | string;
  readonly cpus: number;
  /** Hard limit of the cgroup; absent: all of the machine's memory. */
  readonly memory?: number | string | undefined;
  /** Memory that something else in the cgroup holds. */
  readonly reserved: number | string;
  /** How many of the reserved pages are file pages; they stay, but reclaim gives them their turn. */
  readonly filePages: number;
  /** memory.zswap.max of the one cgroup, or `max`. */
  readonly zswapMax?: number | string | undefined;
  /** memory.zswap.writeback of the one cgroup. */
  readonly zswapWriteback: boolean;
  /** Several cgroups, each with a limit of its own; absent: one, with `memory` and all tasks. */
  readonly cgroups?: readonly CgroupSpec[] | undefined;
  readonly swappiness: number;
  readonly pageCluster: number;
}

export interface ZswapSpec {
  readonly version: ZswapVersion;
  readonly enabled: boolean;
  readonly compressor: string;
  /** The allocator of the pool (zpool through 6.17). */
  readonly zpool: string;
  /** Pages of the longest zspage (CONFIG_ZSMALLOC_CHAIN_SIZE). */
  readonly chainSize: number;
  readonly maxPoolPercent: number;
  readonly acceptThresholdPercent: number;
  /** Largest accepted size in percent of a page; version 2013 only. */
  readonly maxCompressionRatio: number;
  /** The dynamic shrinker (shrinker_enabled). */
  readonly shrinkerEnabled: boolean;
  /** In which form compressed pages are written back as they are; `off`: decompressed. */
  readonly compressedWriteback: CompressedForm | 'off';
  /** Entries go once so many pages were offered to zswap after them; absent: never for that. */
  readonly writebackAge?: number | undefined;
  /** Entries of one writeback round; `kernel`: what 6.18 does, one. */
  readonly writebackBatch: number | 'kernel';
}

export type WorkloadSpec =
  | {
      /** The trace itself. */
      readonly trace: string;
      /** What to call it in errors. */
      readonly source: string;
      /** A file whose pages the trace writes (content `file`). */
      readonly content?: string | undefined;
    }
  | {
      /** Path of an access trace. */
      readonly accesses: string;
      /** Of the file's bytes, in hexadecimal; absent: whatever the file has. */
      readonly sha256?: string | undefined;
    }
  | { readonly name: string; readonly arguments: readonly string[] };

export interface RunSpec {
  readonly name?: string | undefined;
  readonly seed: number;
  readonly design: string;
  /** One of the design's revisions; absent: its first. */
  readonly revision?: string | undefined;
  /** Where a CPU goes on allocating; absent: as the design does. */
  readonly perCpuCluster?: PerCpuCluster | undefined;
  /** Virtual slots are taken (vm.vswap_enabled); only where plain entries can stand beside them. */
  readonly vswapEnabled: boolean;
  readonly payload: 'bytes' | 'none';
  /** Pages that need no bytes; absent: as the version of zswap has it. */
  readonly sameFilled?: SameFilled | undefined;
  readonly machine: MachineSpec;
  /** Without any: those that swapon has made active. */
  readonly areas: readonly AreaSpec[];
  /** True: no area at all, not even the active ones. */
  readonly noAreas: boolean;
  readonly device: DeviceChoice;
  /** The drive that flash wears of (`parseDrive`); absent: that of each device profile. */
  readonly drive?: string | undefined;
  /** What goes wrong with the devices: rules as text (`parseFaultRule`). */
  readonly faults: readonly string[];
  /** A page that comes back wrong ends the run, or is counted as lost. */
  readonly onWrongPage: 'stop' | 'count';
  readonly zswap: ZswapSpec;
  readonly workload: WorkloadSpec;
}

const zramSchema: z.ZodType<ZramSpec> = z.strictObject({
  compressor: oneOf(compressors).default('lz4'),
  recompress: z.array(oneOf(compressors)).max(3).default([]),
  memLimit: size.default(0),
  backing: size.optional(),
  writebackBatch: z.number().int().min(1).max(4096).default(32),
  compressedWriteback: z.boolean().default(false),
});

const areaSchema: z.ZodType<AreaSpec> = z.strictObject({
  path: z.string().min(1).optional(),
  size: size.optional(),
  ghost: z.boolean().default(false),
  priority: z.number().int().min(0).max(32767).optional(),
  device: deviceChoiceSchema.optional(),
  zram: zramSchema.optional(),
  checksum: z.boolean().default(false),
  buffer: size.optional(),
  on: z.boolean().default(true),
  noFollow: z.boolean().optional(),
});

const cgroupSchema: z.ZodType<CgroupSpec> = z.strictObject({
  name: z.string().min(1),
  memory: size,
  tasks: z.array(z.number().int().nonnegative()),
  reserved: size.default(0),
  filePages: z.number().int().nonnegative().default(0),
  zswapMax: size.optional(),
  zswapWriteback: z.boolean().default(true),
});

const machineSchema: z.ZodType<MachineSpec> = z
  .strictObject({
    cgroupVersion: z.union([z.literal(1), z.literal(2)], { error: 'expected 1 or 2' }).optional(),
    ram: size.default('1G'),
    cpus: z.number().int().min(1).max(1).default(1),
    memory: size.optional(),
    reserved: size.default(0),
    filePages: z.number().int().nonnegative().default(0),
    zswapMax: size.optional(),
    zswapWriteback: z.boolean().default(true),
    cgroups: z.array(cgroupSchema).min(1).max(CGROUP_COUNT_MAX).optional(),
    swappiness: z.number().int().min(0).max(200).default(60),
    pageCluster: z.number().int().min(0).max(16).default(3),
  })
  .prefault({});

const zswapSchema: z.ZodType<ZswapSpec> = z
  .strictObject({
    version: z.enum(Object.keys(generations) as [ZswapVersion, ...ZswapVersion[]]).default('6.18'),
    enabled: z.boolean().default(false),
    compressor: oneOf(compressors, compressorChoices).default('lz4'),
    zpool: oneOf(pools).default('zsmalloc'),
    chainSize: z.number().int().min(CHAIN_SIZE_MIN).max(CHAIN_SIZE_MAX).default(8),
    maxPoolPercent: z.number().int().min(0).max(100).default(20),
    acceptThresholdPercent: z.number().int().min(0).max(100).default(90),
    maxCompressionRatio: z.number().int().min(0).max(100).default(80),
    shrinkerEnabled: z.boolean().default(false),
    compressedWriteback: z.enum(['off', ...COMPRESSED_FORMS]).default('off'),
    writebackAge: z.number().int().min(1).optional(),
    writebackBatch: z.union([z.literal('kernel'), z.number().int().min(1).max(4096)]).default(32),
  })
  .prefault({});

const workloadSchema: z.ZodType<WorkloadSpec> = z.union(
  [
    z.strictObject({
      trace: z.string(),
      source: z.string().default('trace'),
      content: z.string().optional(),
    }),
    z.strictObject({
      accesses: z.string().min(1),
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in 64 hex digits')
        .optional(),
    }),
    z.strictObject({ name: z.string().min(1), arguments: z.array(z.string()).default([]) }),
  ],
  { error: 'expected {"trace": TEXT}, {"accesses": PATH} or {"name": NAME, "arguments": [...]}' },
);

const specSchema: z.ZodType<RunSpec> = z.strictObject({
  name: z.string().optional(),
  seed: z.number().int().min(0).max(0xffffffff).default(1),
  design: oneOf(designs).default('swap-table'),
  revision: z.string().optional(),
  perCpuCluster: z.enum(PER_CPU_CLUSTER).optional(),
  vswapEnabled: z.boolean().default(true),
  payload: z.enum(['bytes', 'none']).default('bytes'),
  sameFilled: z.enum(SAME_FILLED).optional(),
  machine: machineSchema,
  areas: z.array(areaSchema).max(MAX_SWAPFILES).default([]),
  noAreas: z.boolean().default(false),
  device: deviceChoiceSchema.default('nvme'),
  drive: z.string().optional(),
  faults: z.array(z.string()).default([]),
  onWrongPage: z.enum(['stop', 'count']).default('stop'),
  zswap: zswapSchema,
  workload: workloadSchema,
});

/**
 * Checks a spec and fills in the defaults.
 * @param json - parsed JSON
 * @param where - file or option to name in the error
 * @throws UsageError that names the key, the value and what is accepted
 */
export function parseSpec(json: unknown, where: string): RunSpec {
  requireFlat(json, where);
  const parsed = specSchema.safeParse(json);
  if (!parsed.success)
    throw new UsageError(`${where}: ${describeIssues(parsed.error, json, specJsonSchema)}`);
  const spec = parsed.data;
  const { kind, revision } = chooseDesign(designName(spec), `${where}: revision`);
  if (spec.drive !== undefined) parseDrive(spec.drive, `${where}: drive`);
  if (spec.noAreas && spec.areas.length > 0)
    throw new UsageError(`${where}: noAreas: areas are given as well`);
  for (const rule of spec.faults) parseFaultRule(rule, `${where}: faults`);
  if (spec.areas.some((area) => area.zram !== undefined)) checkZram(spec, where, kind.areas);
  for (const [index, area] of spec.areas.entries())
    checkMapping(spec, area, `${where}: areas.${index}`);
  // A temporary area of the ghost design is a ghost; what was made before stays what it is.
  const areas = spec.areas.map((area) =>
    kind.areas === 'all-ghost' && area.size !== undefined ? { ...area, ghost: true } : area,
  );
  // Frontswap had no such check; what zswap had of its own later, it lost to the flag of 6.12.
  const sameFilled = spec.sameFilled ?? (spec.zswap.version === '2013' ? 'none' : 'zero');
  const machine = { ...spec.machine, cgroupVersion: chooseCgroupVersion(spec, where) };
  return { ...spec, revision, areas, sameFilled, machine };
}

/**
 * The version of the machine's cgroups.
 * @throws UsageError where a setting is given that the version, or zswap's, does not have
 */
function chooseCgroupVersion({ machine, zswap }: RunSpec, where: string): 1 | 2 {
  const needs =
    firstOfVersion2(machine) ?? (zswap.shrinkerEnabled ? 'zswap.shrinkerEnabled' : null);
  if (needs !== null && generations[zswap.version].lists !== 'cgroup')
    throw new UsageError(
      `${where}: ${needs}: zswap of ${zswap.version} knows of no cgroups and has no shrinker; ` +
        'accepted with it: zswap.version 6.12, 6.18',
    );
  if (machine.cgroupVersion === 1 && needs !== null)
    throw new UsageError(
      `${where}: machine.cgroupVersion: 1 is not accepted with ${needs}: under cgroup v1 there are no ` +
        "memory.zswap files, and the dynamic shrinker finds nothing because no cgroup's compressed " +
        'bytes are counted; accepted: 2',
    );
  return machine.cgroupVersion ?? (needs === null ? 1 : 2);
}

/** A setting of a cgroup that only v2 has; null for none. */
function firstOfVersion2(machine: MachineSpec): string | null {
  const of = (cgroup: MachineSpec | CgroupSpec, at: string): string[] => [
    ...(cgroup.zswapMax === undefined ? [] : [`${at}.zswapMax`]),
    ...(cgroup.zswapWriteback ? [] : [`${at}.zswapWriteback`]),
  ];
  const { cgroups = [] } = machine;
  const found = cgroups.flatMap((cgroup, index) => of(cgroup, `machine.cgroups.${index}`));
  return [...of(machine, 'machine'), ...found][0] ?? null;
}

/** What cannot be put in front of a device. */
function checkMapping(spec: RunSpec, area: AreaSpec, at: string): void {
  const form = spec.zswap.compressedWriteback;
  const kind = area.zram !== undefined ? 'a zram' : area.ghost ? 'a ghost' : null;
  if (kind !== null && area.buffer !== undefined)
    throw new UsageError(`${at}.buffer: ${kind} has no flash to write in order`);
  if (area.ghost && area.checksum)
    throw new UsageError(`${at}.checksum: a ghost has no bytes to check`);
  if (area.zram !== undefined && form !== 'off')
    throw new UsageError(
      `${at}: zswap.compressedWriteback '${form}': a zram takes whole pages; accepted: off`,
    );
  if (area.buffer === undefined) return;
  if (form === 'slot')
    throw new UsageError(
      `${at}.buffer: with zswap.compressedWriteback slot each blob has its own place; ` +
        'accepted: off, packed, batch',
    );
  if (!isEraseBlock(specBytes(area.buffer, `${at}.buffer`)))
    throw new UsageError(
      `${at}.buffer: '${area.buffer}' is no erase block; accepted: powers of two, 128K to 8M`,
    );
}

/** A zram holds real bytes in an area of its own. */
function checkZram(spec: RunSpec, where: string, areas: string): void {
  const wrong = (what: string): never => {
    throw new UsageError(`${where}: areas: zram: ${what}`);
  };
  if (spec.payload === 'none') wrong("payload 'none' has no bytes to compress; accepted: bytes");
  if (areas === 'all-ghost') wrong(`design ${spec.design} has no areas but ghosts`);
  for (const area of spec.areas) {
    if (area.zram === undefined) continue;
    if (area.size === undefined || area.path !== undefined) wrong('a zram has a size, and no path');
    if (area.ghost) wrong('a zram is no ghost');
    pagesOf(area.zram.memLimit, `${where}: areas: zram: memLimit`);
    if (area.zram.backing !== undefined && pagesOf(area.zram.backing, 'backing') < 2)
      wrong('backing: accepted: at least 8192 bytes, the first 4096 of which are never used');
  }
}

/** The drive that a spec names; null where it leaves that to the device profiles. */
export function driveOf({ drive }: Pick<RunSpec, 'drive'>): Drive | null {
  return drive === undefined ? null : parseDrive(drive, 'drive');
}

/** NAME or NAME:REVISION, as `chooseDesign` reads it. */
export function designName(spec: Pick<RunSpec, 'design' | 'revision'>): string {
  return spec.revision === undefined ? spec.design : `${spec.design}:${spec.revision}`;
}

/** A size of a spec in bytes. */
export function specBytes(value: number | string, key: string): number {
  return typeof value === 'number' ? value : parseSize(value, key);
}

/** A size of a spec in pages. */
export function pagesOf(value: number | string, key: string): number {
  const bytes = specBytes(value, key);
  if (bytes % PAGE_SIZE !== 0)
    throw new UsageError(`${key}: '${value}' is no multiple of the page size (4096)`);
  return bytes / PAGE_SIZE;
}

/** Mistakes that one message names. assumed */
const ISSUES_SHOWN = 16;

/**
 * What a schema finds wrong, in one line.
 * @param schema - the JSON Schema, for the keys that an unknown one may be a slip of
 */
export function describeIssues(
  error: z.ZodError,
  json: unknown,
  schema: () => unknown = () => null,
): string {
  const shown = error.issues
    .slice(0, ISSUES_SHOWN)
    .map((issue) => describeIssue(issue, json, schema));
  const rest = error.issues.length - shown.length;
  return [...shown, ...(rest > 0 ? [`${rest} more`] : [])].join('; ');
}

function describeIssue(issue: z.core.$ZodIssue, json: unknown, schema: () => unknown): string {
  const key = issue.path.join('.') || 'spec';
  if (issue.code === 'unrecognized_keys') {
    const at = issue.path.length === 0 ? '' : ` in ${key}`;
    const known = keysAt(schema(), issue.path);
    const questions = issue.keys.map((name) => didYouMean(name, known)).join('');
    const named = issue.keys.map((name) => `'${name}'`).join(', ');
    return `unknown key ${clipped(named)}${at}${questions}`;
  }
  const value = valueAt(json, issue.path);
  const shown =
    value === undefined ? 'is missing' : `${clipped(JSON.stringify(value))} is not accepted`;
  // Registries name the nearest themselves.
  const isAsked = issue.message.includes('; did you mean ');
  const names = issue.code === 'invalid_value' && !isAsked ? issue.values.map(String) : [];
  const question = typeof value === 'string' ? didYouMean(value, names) : '';
  return `${key}: ${shown}: ${clipped(issue.message, 1000)}${question}`;
}

function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  let at = json;
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

/** The keys that a JSON Schema has for an object at a path; none where it says nothing of it. */
function keysAt(schema: unknown, path: readonly PropertyKey[]): string[] {
  const parts = (node: unknown): Record<string, unknown>[] => {
    if (typeof node !== 'object' || node === null) return [];
    const { anyOf, oneOf: ones, allOf } = node as Record<string, unknown>;
    const inside = [anyOf, ones, allOf].flatMap((each): unknown[] =>
      Array.isArray(each) ? each : [],
    );
    return [node as Record<string, unknown>, ...inside.flatMap(parts)];
  };
  let at = parts(schema);
  for (const key of path)
    at = at.flatMap(({ properties, items }) =>
      parts(
        typeof key === 'number'
          ? items
          : (properties as Record<PropertyKey, unknown> | undefined)?.[key],
      ),
    );
  return at.flatMap(({ properties }) => Object.keys(properties ?? {}));
}

/** JSON Schema of the spec, for editors. */
export function specJsonSchema(): unknown {
  return z.toJSONSchema(specSchema, { io: 'input' });
}
