/** `swaplab compare`: the same workload under several designs, one table. */
import { Command } from 'commander';
import { metricsOf, parseSpec, type Metric, type RunSpec } from '../src/machine/index.ts';
import { chooseDesign, designs, type DesignChoice } from '../src/swap/index.ts';
import { PAGE_SIZE, UsageError } from '../src/units/index.ts';
import { parseLine } from './command-line.ts';
import type { CliCommand, CommandIo } from './command.ts';
import { createProgress } from './progress.ts';
import {
  addSpecOptions,
  applySetting,
  specJson,
  type Json,
  type SpecFlags,
} from './run-options.ts';
import { buildWorkload, executeRun, type FinishedRun } from './runner.ts';
import { alignTable, type Cell } from './table.ts';

/** Exit code of a comparison with pages that were not what they must be. */
const EXIT_MISMATCH = 3;

interface Flags extends SpecFlags {
  readonly designs: string;
  readonly for: string[];
  readonly samePool?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** One column. */
interface Column {
  /** NAME, or NAME:REVISION where one was given. */
  readonly label: string;
  readonly spec: RunSpec;
}

interface Plan {
  readonly columns: readonly Column[];
  readonly notes: readonly string[];
  readonly json: boolean;
  readonly quiet: boolean;
}

const EXAMPLES = `
Examples:
  swaplab compare --trace work.trace --memory 32M --swap 512M --zswap --ram 128M
  swaplab compare --designs swap-table,vswap:v3,vswap:v6 --workload usemem --memory 32M \\
      --swap 256M -- -n 1 -O -y 96M
  swaplab compare --designs vswap-table,vswap-table:rfc-v2 --trace work.trace --swap 256M \\
      --for vswap-table:rfc-v2:perCpuCluster=shared

Designs that cannot write back (${namesOf(({ kind }) => !kind.writesBack)}) get a pool of zswap that holds every page, because with
a smaller one they end out of memory; --same-pool gives them the others' pool all the same.
`;

export const command: CliCommand = {
  name: 'compare',
  summary: 'the same workload under several designs, in one table',
  async run(argv, io) {
    const plan = readLine(argv, io);
    if (plan === null) return 0;
    const runs: FinishedRun[] = [];
    for (const { label, spec } of plan.columns) {
      if (!plan.quiet) io.stderr(`${label}\n`);
      const progress = createProgress(!plan.quiet);
      try {
        const hooks = { onProgress: progress.update };
        const line = ['swaplab compare', ...argv].join(' ');
        runs.push(await executeRun({ spec, command: line, hooks }, io));
      } finally {
        progress.stop();
      }
    }
    const labels = plan.columns.map(({ label }) => label);
    const metrics = metricsOf(runs.map(({ result }) => result));
    io.stdout(
      plan.json
        ? `${JSON.stringify(document(plan, runs, metrics), null, 2)}\n`
        : text(labels, runs, metrics, plan.notes),
    );
    return runs.some(({ result }) => result.verify.mismatches > 0) ? EXIT_MISMATCH : 0;
  },
};

function readLine(argv: readonly string[], io: CommandIo): Plan | null {
  const collect = (value: string, before: string[]): string[] => [...before, value];
  const command = addSpecOptions(
    new Command('swaplab compare')
      .description('run the same workload under several designs and compare them in one table')
      .option(
        '--designs <LIST>',
        `designs, as NAME or NAME:REVISION (all: ${Object.keys(designs).join(',')})`,
        Object.keys(designs).join(','),
      )
      .option(
        '--for <DESIGNS:KEY=VALUE>',
        'set a key of the spec for some designs only',
        collect,
        [],
      )
      .option('--same-pool', 'the same pool of zswap for designs that cannot write back'),
  )
    .option('--json', 'print one JSON document')
    .option('-q, --quiet', 'no progress')
    .addHelpText('after', EXAMPLES);
  if (!parseLine(command, argv, io)) return null;
  const flags = command.opts<Flags>();
  const labels = flags.designs.split(',');
  if (new Set(labels).size < labels.length)
    throw new UsageError(`--designs: '${flags.designs}' names one twice`);
  const base = specJson(flags, command.args, 'compare');
  const notes: string[] = [];
  const columns = labels.map((label): Column => {
    const json = structuredClone(base);
    const choice = chooseDesign(label, '--designs');
    json['design'] = choice.name;
    json['revision'] = choice.revision;
    const isBare = choice.kind.areas === 'growing' && 'areas' in json;
    if (isBare) {
      delete json['areas'];
      json['noAreas'] = true;
      notes.push(`${label} runs on its own device; the areas that were given are not used`);
    }
    const hasOwnPool = setsPool(flags.for, label);
    applyFor(json, flags.for, label, labels);
    const spec = parseSpec(json, flags.spec ?? 'compare');
    if (choice.kind.writesBack || flags.samePool === true || hasOwnPool) return { label, spec };
    return { label, spec: withRoom(spec, notes, label) };
  });
  return { columns, notes, json: flags.json ?? false, quiet: flags.quiet ?? false };
}

/** Settings of --for that name this design; an unknown name is an error once. */
function applyFor(
  json: Json,
  settings: readonly string[],
  label: string,
  labels: readonly string[],
): void {
  for (const setting of settings) {
    const { names, assignment } = splitFor(setting);
    const unknown = names.find((name) => !labels.includes(name));
    if (unknown !== undefined)
      throw new UsageError(`--for: '${unknown}' is not compared; accepted: ${labels.join(', ')}`);
    if (names.includes(label)) applySetting(json, assignment);
  }
}

/** DESIGN[,DESIGN]:KEY=VALUE; a design may hold a colon itself. */
function splitFor(setting: string): { readonly names: string[]; readonly assignment: string } {
  const equals = setting.indexOf('=');
  const colon = setting.lastIndexOf(':', equals < 0 ? undefined : equals);
  if (equals < 0 || colon <= 0)
    throw new UsageError(`--for: '${setting}' is not DESIGN[,DESIGN]:KEY=VALUE`);
  return { names: setting.slice(0, colon).split(','), assignment: setting.slice(colon + 1) };
}

/** The pool of this design was chosen by hand. */
function setsPool(settings: readonly string[], label: string): boolean {
  return settings.some((setting) => {
    const { names, assignment } = splitFor(setting);
    return names.includes(label) && /^(machine\.ram|zswap\.maxPoolPercent)=/.test(assignment);
  });
}

/** A pool that holds every page of the workload, even if none can be compressed. */
function withRoom(spec: RunSpec, notes: string[], label: string): RunSpec {
  const workload = buildWorkload(spec);
  // As much again for children that write to their copies.
  const pages = 2 * workload.taskCount * workload.pagesPerTask + workload.sharedPages;
  const ram = Math.max(pages, 1024) * PAGE_SIZE;
  notes.push(
    `${label} cannot write back: its pool of zswap holds every page; --same-pool gives it that of ` +
      'the others',
  );
  return {
    ...spec,
    machine: { ...spec.machine, ram },
    zswap: { ...spec.zswap, enabled: true, maxPoolPercent: 100 },
  };
}

function document(plan: Plan, runs: readonly FinishedRun[], metrics: readonly Metric[]): unknown {
  const label = (index: number): string => plan.columns[index]!.label;
  return {
    runs: runs.map(({ runId, result }, index) => ({
      design: label(index),
      run: runId,
      digest: result.digest,
      verify: result.verify,
      killedTasks: result.killedTasks,
    })),
    metrics: metrics.map((metric) => ({
      name: nameInFull(metric.group, metric.name),
      unit: metric.unit,
      better: metric.better,
      values: Object.fromEntries(
        runs.flatMap(({ result }, index) => {
          const number = metric.value(result);
          return number === null ? [] : [[label(index), number]];
        }),
      ),
    })),
    notes: plan.notes,
  };
}

/** Metrics of one name in several groups are told apart by the group. */
function nameInFull(group: string, name: string): string {
  return group.startsWith('per 1000') || group === 'metadata' ? `${name} ${group}` : name;
}

function text(
  labels: readonly string[],
  runs: readonly FinishedRun[],
  metrics: readonly Metric[],
  notes: readonly string[],
): string {
  const results = runs.map(({ result }) => result);
  const rows: Cell[][] = [];
  let group = '';
  for (const metric of metrics) {
    const values = results.map((result) => metric.value(result));
    // A counter that stayed at zero under every design says nothing.
    if (values.every((value) => value === null || value === 0)) continue;
    if (metric.group !== group) {
      group = metric.group;
      rows.push([group, '', ...labels.map(() => '')]);
    }
    rows.push([
      `  ${metric.name}`,
      `${metric.unit}${ARROWS[metric.better]}`,
      ...values.map((value) => (value === null ? '-' : shown(value))),
    ]);
  }
  rows.push(
    ['runs', '', ...labels.map(() => '')],
    ['  pages compared', 'pages', ...results.map(({ verify }) => shown(verify.pagesChecked))],
    ['  mismatches', 'pages ↓', ...results.map(({ verify }) => verify.mismatches)],
    ['  killed tasks', 'tasks ↓', ...results.map(({ killedTasks }) => killedTasks)],
    ['  run in the database', '', ...runs.map(({ runId }) => runId)],
  );
  const table = alignTable(['', 'UNIT', ...labels], rows);
  return `${table}\n↓ lower is better, ↑ higher is better; '-': there is none\n${notes
    .map((note) => `* ${note}\n`)
    .join('')}`;
}

const ARROWS: Readonly<Record<Metric['better'], string>> = {
  lower: ' ↓',
  higher: ' ↑',
  none: '',
};

/** At most seven characters: whole numbers in full as long as they fit. */
function shown(value: number): string {
  if (Number.isInteger(value) && value < 1e7) return String(value);
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)}G`;
  if (value >= 1e7) return `${(value / 1e6).toFixed(1)}M`;
  return value >= 1000 ? value.toFixed(0) : value.toFixed(1);
}

function namesOf(accepts: (choice: DesignChoice) => boolean): string {
  return Object.keys(designs)
    .filter((name) => accepts(chooseDesign(name, 'design')))
    .join(', ');
}
