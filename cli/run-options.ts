/** The options of `swaplab run`, and how they become a spec. */
import { Command, Option } from 'commander';
import { parseSpec, putAt, type Json, type RunSpec } from '../src/machine/index.ts';
import { clipped, requireFlat, UsageError } from '../src/units/index.ts';
import { deviceProfiles, enduranceClasses, FAULT_KINDS } from '../src/device/index.ts';
import { PER_CPU_CLUSTER } from '../src/slots/index.ts';
import { designs, SAME_FILLED } from '../src/swap/index.ts';
import { workloads } from '../src/workload/index.ts';
import { readTrace } from './access-trace-file.ts';
import { parseLine } from './command-line.ts';
import type { CommandIo } from './command.ts';
import { readDeviceFiles } from './device-choice.ts';
import { readInput } from './read-input.ts';
import type { WatchedPage } from './runner.ts';
import { readZswapSettings, ZSWAP_HELP } from './zswap-options.ts';

export interface RunLine {
  readonly spec: RunSpec;
  readonly json: boolean;
  readonly quiet: boolean;
  /** A page whose life is printed. */
  readonly watch?: WatchedPage;
}

/** Options that make a spec, as commander gives them. */
export interface SpecFlags {
  readonly trace?: string;
  readonly workload?: string;
  readonly content?: string;
  readonly design?: string;
  readonly perCpuCluster?: string;
  readonly memory?: string;
  readonly ram?: string;
  readonly cpus?: string;
  readonly pageCluster?: string;
  readonly swappiness?: string;
  readonly area: string[];
  readonly swap: string[];
  readonly device?: string;
  readonly drive?: string;
  readonly zswap?: string | boolean;
  readonly sameFilled?: string;
  readonly fault: string[];
  readonly cgroupVersion?: string;
  readonly payload?: string;
  readonly seed?: string;
  readonly name?: string;
  readonly spec?: string;
  readonly set: string[];
}

interface Flags extends SpecFlags {
  readonly tracePage?: string;
  readonly task?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Options of a zram behind `--swap SIZE,zram`; each makes the area one. */
const ZRAM_OPTIONS: readonly string[] = [
  'zram-compressor=NAME',
  'zram-recompress=NAME[+NAME]',
  'zram-mem-limit=SIZE',
  'zram-backing=SIZE',
  'zram-batch=N',
  'zram-compressed-writeback',
];

const EXAMPLES = `
Examples:
  swaplab run --trace work.trace --memory 32M --swap 512M --device nvme
  swaplab run --workload usemem --memory 32M --swap 256M --zswap -- -n 2 -O -y 48M
  swaplab run --workload memhog --memory 32M --area /tmp/a.swap --zswap max_pool_percent=1 -- 64M
  swaplab run --spec run.json --set zswap.maxPoolPercent=10 --json
  swaplab run --workload usemem --swap 256M --zswap --set 'machine.cgroups=[
    {"name":"web","memory":"16M","tasks":[0]}, {"name":"batch","memory":"32M","tasks":[1]}]' -- -n 2 48M

Workloads (their arguments stand behind --):
${Object.values(workloads)
  .map((kind) => `  ${kind.usage}`)
  .join('\n')}
`;

/** The command with its options, for parsing and for --help. */
export function runCommand(): Command {
  return addSpecOptions(
    new Command('swaplab run')
      .description('run one workload on an emulated machine and store the run')
      .addOption(designOption()),
  )
    .option('--trace-page <N>', 'print the whole life of a page of the mapping')
    .option('--task <N>', 'whose page --trace-page is: a task of the trace (0)')
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES);
}

/** `--design` of commands that take one. */
export function designOption(): Option {
  return new Option(
    '--design <NAME>',
    `swap design: ${Object.keys(designs).join(', ')}; NAME:REVISION picks a revision`,
  );
}

/** Adds the options that make a spec, but for the design; the workload's arguments too. */
export function addSpecOptions(command: Command): Command {
  return addMachineOptions(
    command
      .option('--trace <FILE>', 'replay a trace, or an access trace that swaplab import made')
      .option('--workload <NAME>', `run a built-in workload: ${Object.keys(workloads).join(', ')}`)
      .option('--content <FILE>', 'a file whose pages a trace writes (content `file`)'),
  ).argument('[ARGUMENTS...]', "the workload's own arguments, behind --");
}

/** Adds those options of a spec that say what the machine is, whatever runs on it. */
export function addMachineOptions(command: Command): Command {
  const collect = (value: string, before: string[]): string[] => [...before, value];
  return command
    .addOption(
      new Option(
        '--per-cpu-cluster <HOW>',
        'where a CPU goes on allocating: one place for all areas, or one for each',
      ).choices(PER_CPU_CLUSTER),
    )
    .option('--memory <SIZE>', "the cgroup's hard limit, such as 32M")
    .option('--ram <SIZE>', "the machine's memory, of which zswap takes max_pool_percent (1G)")
    .option('--cpus <N>', 'virtual CPUs (1)')
    .option('--page-cluster <N>', 'vm.page-cluster: log2 of the readahead window (3)')
    .option('--swappiness <N>', 'vm.swappiness (60)')
    .option(
      '--area <FILE>',
      'a swap area that mkswap made: FILE[,off][,no-follow][,prio=N][,device=NAME]; ' +
        'no-follow: not through a symbolic link',
      collect,
      [],
    )
    .option(
      '--swap <SIZE>',
      'a temporary area: SIZE[,ghost][,off][,prio=N][,device=NAME]; ' +
        `SIZE,zram: in compressed memory, with ${ZRAM_OPTIONS.join(', ')}; none: no area at all`,
      collect,
      [],
    )
    .option(
      '--device <NAME>',
      `device profile: ${Object.keys(deviceProfiles).join(', ')}, or FILE.json of your own ` +
        '(swaplab device profile)',
    )
    .option(
      '--drive <DRIVE>',
      'the SSD that wears: CAPACITY,CLASS[,free=PERCENT][,duty=PERCENT|,runs=N A DAY], such as ' +
        '500G,tlc; classes: ' +
        Object.keys(enduranceClasses).join(', '),
    )
    .option('--zswap [SETTINGS]', ZSWAP_HELP)
    .option(
      '--same-filled <WHICH>',
      'pages of one word over and over that need no bytes: ' +
        `${SAME_FILLED.join(', ')} (zero; with zswap of 2013 none)`,
    )
    .option(
      '--fault <RULE>',
      'what goes wrong with devices: KIND[,area=NAME][,nth=N[,every=N] | ,ppm=N | ,time=2s | ,page=SLOT | ' +
        `,operation=N][,times=N][,duration=10s]; KIND: ${FAULT_KINDS.join(', ')}`,
      collect,
      [],
    )
    .option(
      '--cgroup-version <N>',
      "1 or 2; under 2 zswap's bytes are charged to the cgroup (2 with shrinker_enabled, " +
        'machine.zswapMax or machine.zswapWriteback=false, otherwise 1)',
    )
    .addOption(
      new Option('--payload <KIND>', 'bytes: real pages (default); none: sizes only').choices([
        'bytes',
        'none',
      ]),
    )
    .option('--seed <N>', 'seed of everything that is drawn (1)')
    .option('--name <TEXT>', 'what to call the run')
    .option('--spec <FILE>', 'a spec in JSON; options change it')
    .option(
      '--set <KEY=VALUE>',
      'set a key of the spec, such as machine.memory=32M; VALUE may be JSON',
      collect,
      [],
    );
}

/**
 * Reads the command line of `swaplab run`.
 * @returns the checked spec; null when help was printed
 */
export function readRunLine(argv: readonly string[], io: CommandIo): RunLine | null {
  const command = runCommand();
  if (!parseLine(command, argv, io)) return null;
  const flags = command.opts<Flags>();
  const watch = readWatch(flags);
  return {
    spec: parseSpec(specJson(flags, command.args, 'run'), flags.spec ?? 'run'),
    json: flags.json ?? false,
    quiet: flags.quiet ?? false,
    ...(watch === null ? {} : { watch }),
  };
}

/** What options start from, as unchecked JSON: the spec of --spec, if there is one. */
export function startingSpec(flags: Pick<SpecFlags, 'spec'>): Json {
  return flags.spec === undefined ? {} : readSpecFile(flags.spec);
}

/**
 * The spec that options make, as unchecked JSON: `start` first, then options, then --set.
 * @param start - is changed
 */
export function specJson(
  flags: SpecFlags,
  args: readonly string[],
  command: string,
  start: Json = startingSpec(flags),
): Json {
  const json = start;
  applyFlags(json, flags, args, command);
  for (const setting of flags.set) applySetting(json, setting);
  readDeviceFiles(json, readJson);
  if (json['workload'] === undefined)
    throw new UsageError(
      `${command}: nothing to run: give --trace FILE, --workload NAME or --spec FILE`,
    );
  return json;
}

function readWatch(flags: Flags): WatchedPage | null {
  const page = wholeNumber(flags.tracePage, '--trace-page');
  const task = wholeNumber(flags.task, '--task');
  if (page !== undefined) return { page, task: task ?? 0 };
  if (task !== undefined) throw new UsageError('--task: belongs to --trace-page N');
  return null;
}

function readSpecFile(path: string): Json {
  const json = readJson(path, '--spec');
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new UsageError(`--spec: ${path}: a spec is a JSON object`);
  return json as Json;
}

/** What a JSON file that the user named holds. */
export function readJson(path: string, option: string): unknown {
  const text = readInput(path, option).toString('utf8');
  try {
    const json = JSON.parse(text) as unknown;
    requireFlat(json, path);
    return json;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${option}: ${path} is no JSON: ${(error as Error).message}`);
  }
}

function applyFlags(json: Json, flags: SpecFlags, args: readonly string[], command: string): void {
  const put = (path: string, value: unknown): void => {
    if (value !== undefined) putAt(json, path, value);
  };
  put('name', flags.name);
  const [design, revision] = flags.design?.split(':', 2) ?? [];
  put('design', design);
  put('revision', revision);
  put('perCpuCluster', flags.perCpuCluster);
  put('device', flags.device);
  put('drive', flags.drive);
  put('payload', flags.payload);
  put('sameFilled', flags.sameFilled);
  if (flags.fault.length > 0) json['faults'] = flags.fault;
  put('machine.cgroupVersion', wholeNumber(flags.cgroupVersion, '--cgroup-version'));
  put('seed', wholeNumber(flags.seed, '--seed'));
  put('machine.memory', flags.memory);
  put('machine.ram', flags.ram);
  put('machine.cpus', wholeNumber(flags.cpus, '--cpus'));
  put('machine.pageCluster', wholeNumber(flags.pageCluster, '--page-cluster'));
  put('machine.swappiness', wholeNumber(flags.swappiness, '--swappiness'));
  const isNone = flags.swap.includes('none');
  if (isNone) putAt(json, 'noAreas', true);
  const areas = [
    ...flags.area.map((text) => readArea(text, '--area')),
    ...flags.swap.filter((text) => text !== 'none').map((text) => readArea(text, '--swap')),
  ];
  if (areas.length > 0) json['areas'] = areas;
  applyZswap(json, flags.zswap);
  applyWorkload(json, flags, args, command);
}

function applyWorkload(
  json: Json,
  flags: SpecFlags,
  args: readonly string[],
  command: string,
): void {
  if (flags.trace !== undefined && flags.workload !== undefined)
    throw new UsageError(`${command}: --trace and --workload exclude each other`);
  if (flags.trace !== undefined) {
    const workload = readTrace(flags.trace, '--trace');
    if ('accesses' in workload && flags.content !== undefined)
      throw new UsageError(
        '--content: an access trace has a content model of its own; accepted: import --content',
      );
    json['workload'] = workload;
  } else if (flags.workload !== undefined) {
    json['workload'] = { name: flags.workload, arguments: args };
    return;
  }
  if (args.length > 0)
    throw new UsageError(
      `${command}: '${args[0]!}' is not an option; only --workload takes arguments`,
    );
  if (flags.content !== undefined) putAt(json, 'workload.content', flags.content);
}

function applyZswap(json: Json, setting: string | boolean | undefined): void {
  if (setting === undefined || setting === false) return;
  putAt(json, 'zswap.enabled', true);
  if (setting === true) return;
  for (const [key, value] of readZswapSettings(setting)) putAt(json, `zswap.${key}`, value);
}

/** FILE or SIZE, then options behind commas. */
function readArea(text: string, option: string): Json {
  const [what = '', ...rest] = text.split(',');
  const area: Json = option === '--area' ? { path: what } : { size: what };
  for (const part of rest) {
    const [key = '', value] = part.split('=', 2);
    if (key === 'ghost' && value === undefined && option === '--swap') area['ghost'] = true;
    else if (key === 'off' && value === undefined) area['on'] = false;
    else if (key === 'no-follow' && value === undefined && option === '--area')
      area['noFollow'] = true;
    else if (key === 'prio' && value !== undefined)
      area['priority'] = wholeNumber(value, `${option} prio`);
    else if (key === 'device' && value !== undefined) area['device'] = value;
    else if (key === 'checksum' && value === undefined) area['checksum'] = true;
    else if (key === 'buffer' && value !== undefined) area['buffer'] = value;
    else if (option === '--swap' && applyZram(area, key, value)) continue;
    else
      throw new UsageError(
        `${option}: '${part}' is not accepted; accepted: prio=N, device=NAME|FILE.json, checksum, buffer=SIZE, off` +
          (option === '--area' ? ', no-follow' : '') +
          (option === '--swap' ? `, ghost, zram, ${ZRAM_OPTIONS.join(', ')}` : ''),
      );
  }
  return area;
}

/** An option of a zram; false when it is none. */
function applyZram(area: Json, key: string, value: string | undefined): boolean {
  const put = (name: string, setting: unknown): boolean => {
    putAt(area, `zram.${name}`, setting);
    return true;
  };
  if (key === 'zram' && value === undefined) {
    area['zram'] ??= {};
    return true;
  }
  if (key === 'zram-compressed-writeback' && value === undefined)
    return put('compressedWriteback', true);
  if (value === undefined) return false;
  switch (key) {
    case 'zram-compressor':
      return put('compressor', value);
    case 'zram-recompress':
      return put('recompress', value.split('+'));
    case 'zram-mem-limit':
      return put('memLimit', value);
    case 'zram-backing':
      return put('backing', value);
    case 'zram-batch':
      return put('writebackBatch', wholeNumber(value, '--swap zram-batch'));
    default:
      return false;
  }
}

/** `--set a.b=VALUE`; a value that reads as JSON is that, anything else is text. */
export function applySetting(json: Json, setting: string): void {
  const at = setting.indexOf('=');
  if (at <= 0) throw new UsageError(`--set: '${setting}' is not KEY=VALUE`);
  const value = plainValue(setting.slice(at + 1));
  requireFlat(value, `--set ${clipped(setting.slice(0, at))}`);
  putAt(json, setting.slice(0, at), value);
}

/** What a value on the command line is: JSON where it reads as that, otherwise text. */
export function plainValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

export function wholeNumber(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text))
    throw new UsageError(`${option}: '${text}' is no number; accepted: a whole number from 0`);
  return Number(text);
}

/** Reads a whole number from `min` to `max`. */
export function numberWithin(text: string, option: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d{1,15}$/.test(text) || value < min || value > max)
    throw new UsageError(`${option}: '${text}' is not accepted; accepted: ${min} to ${max}`);
  return value;
}
