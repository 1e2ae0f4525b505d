/** The options of `swaplab endure`, and the spec that follows from them. */
import { Command } from 'commander';
import {
  ENDURANCE,
  parseSpec,
  settingsArguments,
  type EnduranceSettings,
  type Json,
  type RunSpec,
} from '../src/machine/index.ts';
import { chooseDesign } from '../src/swap/index.ts';
import { UsageError } from '../src/units/index.ts';
import { parseLine } from './command-line.ts';
import type { CommandIo } from './command.ts';
import {
  addMachineOptions,
  designOption,
  specJson,
  startingSpec,
  wholeNumber,
  type SpecFlags,
} from './run-options.ts';

export interface EndureLine {
  /** What is run; null where a stored run is resumed or a replay shown. */
  readonly spec: RunSpec | null;
  readonly resume: number | null;
  readonly replay: string | null;
  /** Page operations; Infinity with --duration alone. */
  readonly operations: number;
  /** False: a run that goes on has those that it had. */
  readonly hasLimits: boolean;
  /** Milliseconds of wall time; Infinity with --pages alone. */
  readonly durationMs: number;
  readonly intervalMs: number;
  readonly output: 'text' | 'json' | 'ndjson';
  readonly quiet: boolean;
  readonly replayOut: string | null;
}

interface Flags extends SpecFlags {
  readonly duration?: string;
  readonly pages?: string;
  readonly tasks?: string;
  readonly pagesPerTask?: string;
  readonly phase?: string;
  readonly checksum: boolean;
  readonly interval?: string;
  readonly json?: boolean;
  readonly ndjson?: boolean;
  readonly quiet?: boolean;
  readonly resume?: string;
  readonly replay?: string;
  readonly replayOut?: string;
}

/** Children that can be alive at a time. */
const CHILDREN = 2;
/**
 * What a run has that is told nothing: four tasks with a third more than the memory there is, children beside, a pool that is
 * full, and areas that hold the rest even while one of them is off. All sizes are assumed.
 */
const DEFAULTS = {
  tasks: 4,
  pagesPerTask: 2048,
  phase: 8192,
  memory: '24M',
  ram: '16M',
  areas: [
    { size: '48M', priority: 10 },
    { size: '40M', priority: 5 },
  ],
  /** Where nothing leaves zswap, it has room for everything. */
  ramWithoutWriteback: '128M',
  poolPercentWithoutWriteback: 50,
} as const;

const EXAMPLES = `
Examples:
  swaplab endure --pages 20e6 --seed 1 --fault torn-write,ppm=50 --fault bit-rot,ppm=50
  swaplab endure --duration 8h --area /mnt/a.swap --area /mnt/b.swap --memory 256M --tasks 8
  swaplab endure --duration 1h --payload none --design vswap --ndjson
  swaplab endure --resume 12
  swaplab endure --replay broken.json

Ends with one of three verdicts: no silent damage (exit code 0), silent damage (3: wrong bytes were
handed to a task as good), broken promise (3: a page that no fault explains, a table that contradicts
itself, something left after the last exit).
`;

export function endureCommand(): Command {
  return addMachineOptions(
    new Command('swaplab endure')
      .description('swap without end, with faults, and compare every page all the time')
      .option('--duration <TIME>', 'end after this much wall time: 90s, 10m, 8h, 2d')
      .option('--pages <N>', 'end after so many page operations: 20e6 (1e6 without --duration)')
      .addOption(designOption()),
  )
    .option('--no-checksum', 'keep no checksum of each slot')
    .option('--no-zswap', 'no zswap in front')
    .option('--tasks <N>', `tasks that swap (${DEFAULTS.tasks})`)
    .option('--pages-per-task <N>', `pages of each task's mapping (${DEFAULTS.pagesPerTask})`)
    .option('--phase <N>', `page operations of a phase (${DEFAULTS.phase})`)
    .option('--interval <TIME>', 'how often a line tells how things stand (10s)')
    .option('--ndjson', 'print a line of JSON per interval, and one for the end')
    .option('--json', 'print one JSON document')
    .option('--resume <RUN>', 'go on with a run that was killed')
    .option('--replay <FILE>', 'show a broken promise again')
    .option('--replay-out <FILE>', 'where to write the replay of a broken promise')
    .addHelpText('after', EXAMPLES);
}

/** @returns the checked line; null when help was printed */
export function readEndureLine(argv: readonly string[], io: CommandIo): EndureLine | null {
  const command = endureCommand();
  if (!parseLine(command, argv, io)) return null;
  const flags = command.opts<Flags>();
  if (command.args.length > 0)
    throw new UsageError(`endure: '${command.args[0]!}' is not an option`);
  if (flags.json === true && flags.ndjson === true)
    throw new UsageError('endure: --json and --ndjson exclude each other');
  if (flags.resume !== undefined && flags.replay !== undefined)
    throw new UsageError('endure: --resume and --replay exclude each other');
  const durationMs = flags.duration === undefined ? Infinity : time(flags.duration, '--duration');
  const isNew = flags.resume === undefined && flags.replay === undefined;
  const other = isNew ? undefined : argv.find((word) => ISNT_FOR_STORED.test(word));
  if (other !== undefined)
    throw new UsageError(
      `endure: ${other}: a stored run and a replay bring their machine along; accepted with them: ` +
        '--duration, --pages, --interval, --json, --ndjson, --quiet, --replay-out',
    );
  return {
    spec: isNew ? parseSpec(endureJson(flags), flags.spec ?? 'endure') : null,
    resume: wholeNumber(flags.resume, '--resume') ?? null,
    replay: flags.replay ?? null,
    operations:
      flags.pages === undefined
        ? isNew && durationMs === Infinity
          ? 1e6
          : Infinity
        : amount(flags.pages, '--pages'),
    hasLimits: flags.pages !== undefined || flags.duration !== undefined,
    durationMs,
    intervalMs: flags.interval === undefined ? 10_000 : time(flags.interval, '--interval'),
    output: flags.json === true ? 'json' : flags.ndjson === true ? 'ndjson' : 'text',
    quiet: flags.quiet ?? false,
    replayOut: flags.replayOut ?? null,
  };
}

/** Options that say what the machine is. */
const ISNT_FOR_STORED =
  /^--(design|area|swap|fault|seed|memory|ram|tasks|pages-per-task|phase|payload|zswap|no-zswap|no-checksum|spec|set|drive|device|cgroup-version|same-filled|cpus|swappiness|page-cluster|per-cpu-cluster|name)(=|$)/;

/** The spec as unchecked JSON: what is usual here, then the options. */
function endureJson(flags: Flags): Json {
  const start = startingSpec(flags);
  const design = flags.design ?? (start['design'] as string | undefined) ?? 'swap-table';
  const { kind } = chooseDesign(design, '--design');
  const settings: EnduranceSettings = {
    tasks: wholeNumber(flags.tasks, '--tasks') ?? DEFAULTS.tasks,
    children: CHILDREN,
    pagesPerTask: wholeNumber(flags.pagesPerTask, '--pages-per-task') ?? DEFAULTS.pagesPerTask,
    phaseOperations: wholeNumber(flags.phase, '--phase') ?? DEFAULTS.phase,
  };
  const sizes = ['tasks', 'pagesPerTask', 'phase'] as const;
  if (start['workload'] !== undefined && sizes.some((size) => flags[size] !== undefined))
    throw new UsageError(
      'endure: --tasks, --pages-per-task and --phase: the spec has a workload of its own',
    );
  const given = (key: string): Json => (start[key] ?? {}) as Json;
  const usual = kind.writesBack
    ? { machine: { memory: DEFAULTS.memory, ram: DEFAULTS.ram }, zswap: { enabled: true } }
    : {
        machine: { memory: DEFAULTS.memory, ram: DEFAULTS.ramWithoutWriteback },
        zswap: { enabled: true, maxPoolPercent: DEFAULTS.poolPercentWithoutWriteback },
      };
  const json: Json = {
    ...start,
    machine: hasCgroups(start, flags)
      ? { ram: usual.machine.ram, ...given('machine') }
      : { ...usual.machine, ...given('machine') },
    zswap: { ...usual.zswap, ...given('zswap') },
    areas: start['areas'] ?? DEFAULTS.areas.map((area) => ({ ...area })),
    onWrongPage: 'count',
    workload: start['workload'] ?? { name: ENDURANCE, arguments: settingsArguments(settings) },
  };
  const { zswap: zswapFlag, ...others } = flags;
  const spec = specJson(
    { ...others, ...(typeof zswapFlag === 'string' ? { zswap: zswapFlag } : {}) },
    [],
    'endure',
    json,
  );
  if (zswapFlag === false) (spec['zswap'] as Json)['enabled'] = false;
  if (spec['noAreas'] === true) spec['areas'] = [];
  const canHave = flags.checksum && kind.areas !== 'all-ghost';
  spec['areas'] = (spec['areas'] as Json[]).map((area) => ({
    ...area,
    checksum: canHave && area['ghost'] !== true,
  }));
  return spec;
}

/** Cgroups bring their limits along. */
function hasCgroups(start: Json, { set }: Flags): boolean {
  const inSpec = (start['machine'] as Json | undefined)?.['cgroups'] !== undefined;
  return inSpec || set.some((word) => word.startsWith('machine.cgroups'));
}

/** A count such as 20000000 or 20e6. */
function amount(text: string, option: string): number {
  const value = /^\d+(\.\d+)?(e\d{1,2})?$/i.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value) || value < 1)
    throw new UsageError(
      `${option}: '${text}' is not accepted; accepted: a whole number, such as 1000000 or 20e6`,
    );
  return value;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A time such as 10s in milliseconds. */
function time(text: string, option: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text) ?? [];
  const value = Number(digits) * (UNIT_MS[unit] ?? NaN);
  if (!(value > 0))
    throw new UsageError(
      `${option}: '${text}' is not accepted; accepted: a number with ms, s, m, h or d, such as 90s`,
    );
  return value;
}
