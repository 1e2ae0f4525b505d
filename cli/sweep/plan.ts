/** `sweep plan`: from what runs differ by to a line for each run. */
import { basename, dirname } from 'node:path';
import type { Command } from 'commander';
import type { Json } from '../../src/machine/index.ts';
import { expandSweep, makePlan, parseSweep, planText, type Plan } from '../../src/sweep/index.ts';
import { UsageError } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';
import {
  addSpecOptions,
  designOption,
  readJson,
  specJson,
  startingSpec,
  type SpecFlags,
} from '../run-options.ts';
import { requireOtherFile } from '../file-name.ts';
import { buildWorkload } from '../runner.ts';
import { notice } from '../telling.ts';
import { version } from '../version.ts';
import { writeOutput } from '../write-output.ts';
import { PlanFiles } from './plan-files.ts';

interface Flags extends SpecFlags {
  readonly output: string;
  readonly json?: true;
}

const NOTES = `
SPEC is JSON:
  {"name": "pool",                      what the sweep is called
   "spec": {…},                         what all runs share; options change it
   "trace": "work.trace",               a trace, beside SPEC (or --trace, or --workload)
   "grid": {"zswap.maxPoolPercent": [10, 20], "design": ["swap-table", "vswap:v5"]},
   "list": [{"device": "nvme"}, {"device": "hdd", "machine.pageCluster": 5}],
   "latinHypercube": {"samples": 20, "seed": 1, "keys": {
     "machine.memory": {"from": "4M", "to": "64M", "scale": "log"}, "machine.swappiness": [0, 60]}},
   "seeds": {"from": 1, "count": 3}}    or [1, 5, 9]
Each entry of the list is run with each point of the grid, each sample and each seed; all but the name
may be left out. Keys are those of a spec, with dots. A range is of whole numbers or sizes; its values
are "from" and whole "step"s more (1, or a page of 4096 bytes).

Paths in SPEC are relative to it. The plan holds traces and device profiles themselves; an access trace
(swaplab import) by its path here and its SHA-256: sweep run --trace FILE says where another machine
has it. Areas are temporary ones, or none: a file, or what is active, would be another on each machine.

Example:
  swaplab sweep plan pool.json --trace work.trace --swap 256M --zswap -o plan.ndjson
`;

export function addPlan(sweep: Command, io: CommandIo): void {
  const plan = sweep
    .command('plan')
    .description('check every run of a sweep and write the plan: a line of JSON for each')
    .argument('<SPEC>', 'what the runs share, and what they differ by')
    .option('-o, --output <FILE>', 'where to write the plan; -: standard output', '-')
    .option('--json', 'say in JSON what was planned')
    .addOption(designOption());
  addSpecOptions(plan)
    .addHelpText('after', NOTES)
    .action((path: string, args: string[], flags: Flags) => {
      if (flags.json === true && flags.output === '-')
        throw new UsageError('plan: --json: the plan takes standard output; give -o FILE');
      planSweep(path, args, flags, io);
    });
}

function planSweep(path: string, args: readonly string[], flags: Flags, io: CommandIo): void {
  requireOtherFile(flags.output, path, 'plan: --output');
  const sweep = parseSweep(readJson(path, 'plan'), path);
  if (flags.spec !== undefined && Object.keys(sweep.spec).length > 0)
    throw new UsageError(`plan: --spec and 'spec' of ${path} exclude each other`);
  const files = new PlanFiles(dirname(path));
  const start =
    flags.spec === undefined ? files.filled(structuredClone(sweep.spec)) : startingSpec(flags);
  if (sweep.trace !== undefined) start['workload'] = files.traceWorkload(sweep.trace, path);
  // What options and --spec name is relative to where the command is called.
  const base = baseOf(new PlanFiles('').filled(specJson(flags, args, 'plan', start)));
  const settings = expandSweep(sweep, path).map((set) => files.filled({ ...set }));
  const name = flags.name ?? sweep.name;
  const { plan, duplicateCount } = makePlan({ name, version, base }, settings, buildWorkload);
  writeOutput(flags.output, planText(plan), 'plan: --output', io);
  const keys = keysOf(plan);
  if (duplicateCount > 0)
    notice(io, `plan: ${duplicateCount} more are the same run as one before, and left out\n`);
  if (flags.json === true) {
    const document = { name, plan: flags.output, runs: plan.lines.length, duplicateCount, keys };
    io.stdout(`${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  const parts = keys.map(({ key, valueCount }) => `${key} (${valueCount})`);
  const text =
    `plan: ${plan.lines.length} runs` + (parts.length > 0 ? `: ${parts.join(', ')}` : '');
  notice(io, `${text}\n`);
}

/** What names this machine's folders, or one run, is no part of what the runs are. */
function baseOf(json: Json): Json {
  const { name: _, ...base } = json;
  const { workload } = base;
  if (typeof workload !== 'object' || workload === null || !('source' in workload)) return base;
  const { source } = workload;
  return typeof source === 'string'
    ? { ...base, workload: { ...workload, source: basename(source) } }
    : base;
}

/** What the runs of a plan differ by, and how many values each key has. */
function keysOf({ lines }: Plan): { readonly key: string; readonly valueCount: number }[] {
  const values = new Map<string, Set<string>>();
  for (const { set } of lines)
    for (const [key, value] of Object.entries(set)) {
      // One goes with each design.
      if (key === 'revision' && 'design' in set) continue;
      const known = values.get(key) ?? new Set();
      values.set(key, known.add(JSON.stringify(value)));
    }
  return [...values]
    .map(([key, { size }]) => ({ key, valueCount: size }))
    .filter(({ valueCount }) => valueCount > 1);
}
